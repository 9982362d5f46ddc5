"""The ORM knows that a seat and its booking are of one show.

The constraint itself is in migration 0017 of the app bookings.
"""

import django.db.models.deletion
from django.db import migrations

import bookmyshow.core.db.in_show


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0017_keys_with_show"),
        ("shows", "0006_on_sale"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="seat",
                    name="booking",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The live booking that has this seat; empty when it is free.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="live_seats",
                        to="bookings.booking",
                    ),
                ),
            ]
        ),
    ]
