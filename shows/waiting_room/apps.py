from django.apps import AppConfig


class WaitingRoomConfig(AppConfig):
    name = "shows.waiting_room"
    label = "waiting_room"
    verbose_name = "Waiting room"
    default = True

    def ready(self) -> None:
        from accounts.export import add_part
        from accounts.privacy.parts import forget_with

        from .privacy import forget_places, places_of

        add_part("waitingRooms", places_of)
        forget_with(forget_places)
