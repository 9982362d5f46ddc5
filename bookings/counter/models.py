"""What clerks counted in their drawers. The money itself is in bookings/payments."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from shows.models import Cinema


class CashUpQuerySet(models.QuerySet["CashUp"]):
    def standing(self) -> "CashUpQuerySet":
        """The counts that stand: the last one of each drawer, not those it corrects."""
        return self.filter(correction=None)


class CashUp(models.Model):
    """One count of a clerk's drawer for a day of a cinema. Amounts are minor units of `currency`.

    The day is the cinema's, which ends at 04:00. `expected` is what the drawer should have had
    when it was counted: the float, plus cash taken, minus cash handed back. A row never changes
    (trigger, migration 0001). A mistake is corrected by a new row that names the row it corrects.
    """

    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="+")
    clerk = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    opening = models.BigIntegerField(help_text="The float: what the drawer began with.")
    expected = models.BigIntegerField()
    counted = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="correction"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CashUpQuerySet.as_manager()

    class Meta:
        ordering = ("-day", "clerk_id", "-pk")
        default_permissions = ("view",)
        permissions = (
            ("take_money", "Can take money at the counter, and hand it back"),
            ("oversee_counter", "Can see and count every drawer, and undo what others took"),
            ("admit_unpaid", "Can let people in who have not paid"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("cinema", "clerk", "day"),
                condition=Q(corrects=None),
                name="cash_up_declared_once",
            ),
            models.CheckConstraint(
                condition=Q(opening__gte=0, counted__gte=0), name="cash_up_counts_no_less_than_0"
            ),
        )

    def __str__(self) -> str:
        return f"{self.clerk}'s drawer, {self.day:%d %b %Y}, {self.cinema}"

    @property
    def difference(self) -> int:
        """Counted minus expected: below 0 if money is missing."""
        return self.counted - self.expected
