"""Admissions: tickets that were used at the door."""

from django.db import models

from accounts.models import User
from bookmyshow.core.db.in_show import OfShow, OneToOneInShow
from shows.models import Show

from .booking import Booking


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def of_show(self, show_id: int) -> "AdmissionQuerySet":
        """The admissions to a show, newest first, with the booking and the member of staff."""
        return (
            self.filter(show_id=show_id)
            .select_related("booking", "admitted_by")
            .order_by("-admitted_at", "-pk")
        )


class Admission(OfShow):
    """The use of a ticket at the door. A booking has at most one, so no ticket is used twice."""

    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    booking = OneToOneInShow(Booking, on_delete=models.PROTECT, related_name="admission")
    admitted_at = models.DateTimeField()
    admitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ("-admitted_at", "-pk")

    def __str__(self) -> str:
        return f"{self.booking.reference} at the door"
