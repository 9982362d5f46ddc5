"""The ORM knows that a place in line and its offer are of one show.

The constraint itself is in migration 0017 of the app bookings.
"""

import django.db.models.deletion
from django.db import migrations

import bookmyshow.core.db.in_show


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0017_keys_with_show"),
        ("waiting", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="entry",
                    name="booking",
                    field=bookmyshow.core.db.in_show.OneToOneInShow(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waiting_entry",
                        to="bookings.booking",
                    ),
                ),
            ]
        ),
    ]
