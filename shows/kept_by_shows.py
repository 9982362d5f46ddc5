"""In the admin, a film or cinema that has shows can be archived but not deleted."""

from typing import Any

from bookmyshow.core.staff.archive_instead_of_delete import ArchivableAdmin

from .models import ShowQuerySet


class KeptByShowsAdmin(ArchivableAdmin):
    """Admin of a model that shows refer to. Subclasses define `shows_of`."""

    def shows_of(self, thing: Any) -> ShowQuerySet:
        raise NotImplementedError

    def why_kept(self, thing: Any) -> str:
        """Why this can't be deleted: one line with the number of its shows; "" if it has none."""
        shows = self.shows_of(thing)
        count = shows.count()
        if not count:
            return ""
        sold = shows.filter(bookings__isnull=False).distinct().count()
        told = f"{count} show{'s' if count > 1 else ''}"
        if sold:
            told += (
                f", {sold} of them with bookings, and what was sold keeps its place in the books"
            )
        return (
            f"{thing} has {told}. Archive it instead (in the list, under Action):"
            " it leaves every list, and its past stays."
        )
