from django.apps import AppConfig


class TellMeConfig(AppConfig):
    name = "shows.tell_me"
    label = "tell_me"
    verbose_name = "Tell me"
    default = True

    def ready(self) -> None:
        from accounts.guests.services import add_claim

        from .mails import register_kinds
        from .models import FilmWish

        register_kinds()
        add_claim(lambda guest: FilmWish.objects.filter(user=guest).exists())
