"""Indexes that find the money of a show without its orders, for the takings."""

from django.db import migrations, models

from bookmyshow.core.db.operations import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payments", "0008_voided_may_be_taken")]

    operations = [
        *build_index(
            "payment",
            models.Index(
                condition=models.Q(("state", "CAPTURED")),
                fields=["show"],
                name="payment_taken_of_show",
            ),
        ),
        *build_index(
            "refund",
            models.Index(
                condition=models.Q(("state", "FAILED"), _negated=True),
                fields=["show"],
                name="refund_of_show",
            ),
        ),
    ]
