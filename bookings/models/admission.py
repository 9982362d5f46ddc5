"""Admissions: tickets that were used at the door."""

from django.db import models

from accounts.models import User

from .booking import Booking


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def of_show(self, show_id: int) -> "AdmissionQuerySet":
        """The admissions to a show, newest first, with the booking and the member of staff."""
        return (
            self.filter(booking__show_id=show_id)
            .select_related("booking", "admitted_by")
            .order_by("-admitted_at", "-pk")
        )


class Admission(models.Model):
    """The use of a ticket at the door. A booking has at most one, so no ticket is used twice."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="admission")
    admitted_at = models.DateTimeField()
    admitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ("-admitted_at", "-pk")

    def __str__(self) -> str:
        return f"{self.booking.reference} at the door"
