"""In the admin: a film or cinema that has shows is archived and not deleted."""

from typing import Any

from bookmyshow.core.staff.archive_instead_of_delete import ArchivableAdmin

from .models import ShowQuerySet


class KeptByShowsAdmin(ArchivableAdmin):
    """An admin of something that shows refer to; subclasses say which shows."""

    def shows_of(self, thing: Any) -> ShowQuerySet:
        raise NotImplementedError

    def why_kept(self, thing: Any) -> str:
        """In one line: a list of its thousand shows would tell nobody anything."""
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
