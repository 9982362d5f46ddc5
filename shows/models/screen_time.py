"""When a screen is taken: one row for each scheduled show (docs/decisions/0029-screen-times.md)."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.db import models
from django.db.models import Func, Value

from .cinema import Screen
from .show import Show


class ScreenRange(Func):
    """The screen's id as a range of one number. The exclusion constraint uses a GiST index, which
    takes ranges; for a plain number it would need the extension `btree_gist`."""

    function = "int8range"
    output_field = BigIntegerRangeField()


class BusyRange(Func):
    """The time from the start of the show to the end of the cleaning, the end excluded."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class ScreenTime(models.Model):
    """A scheduled show has its screen from its start to the end of the cleaning.

    The trigger `write_screen_time` on the table of shows writes these rows (migration 0009), in the
    statement that inserts, moves, cancels or deletes a show. On Citus `shows/screen_times.py` does.
    A table of its own, because shows of one screen can live on different servers, and one place
    must see that they don't overlap. For the same reason the database has no foreign keys here.
    """

    show = models.OneToOneField(
        Show,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    screen = models.ForeignKey(
        Screen,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    starts_at = models.DateTimeField()
    busy_until = models.DateTimeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="show_no_overlap_on_screen",
                expressions=[
                    (ScreenRange("screen", "screen", Value("[]")), RangeOperators.OVERLAPS),
                    (BusyRange("starts_at", "busy_until"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Another show is on this screen at that time.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.screen}, {self.starts_at:%d %b %Y %H:%M} to {self.busy_until:%H:%M}"
