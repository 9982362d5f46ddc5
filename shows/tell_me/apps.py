from django.apps import AppConfig


class TellMeConfig(AppConfig):
    name = "shows.tell_me"
    label = "tell_me"
    verbose_name = "Tell me"
    default = True

    def ready(self) -> None:
        from accounts.export import add_part
        from accounts.guests.services import add_use
        from accounts.privacy.parts import forget_with

        from .mails import register_kinds
        from .models import FilmWish
        from .privacy import forget_wishes, wishes_of

        register_kinds()
        add_part("filmsWaitedFor", wishes_of)
        forget_with(forget_wishes)
        add_use(lambda guest: FilmWish.objects.filter(user=guest).exists())
