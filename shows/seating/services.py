"""Changes of a screen's seating plan."""

from django.db import transaction

from accounts.models import User
from bookmyshow.core.staff import audit
from shows.models import Screen


def use_imported_plan(*, screen: Screen, text: str, by: User) -> None:
    """Save `text` as the screen's plan. Existing shows keep their seats."""
    with transaction.atomic():
        screen.seating_plan = text
        screen.save(update_fields=["seating_plan"])
        audit.record(by=by, about=screen, what="Seating plan imported from a file.")
