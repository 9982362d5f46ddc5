"""The indexes for reading the hold limits, built while the site goes on selling."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from bookmyshow.core.db.operations import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bookings", "0008_held_from")]

    operations = [
        *build_index(
            "booking",
            models.Index(
                condition=models.Q(("held_from", ""), _negated=True),
                fields=["show", "held_from"],
                name="booking_holds_from_address",
            ),
        ),
        *build_index(
            "booking",
            models.Index(fields=["user", "show"], name="booking_of_person_at_show"),
        ),
        # Drops the index on the person alone: booking_of_person_at_show begins with it.
        migrations.AlterField(
            model_name="booking",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bookings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
