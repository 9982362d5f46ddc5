"""The hold of a mail that is sent only if the hold is confirmed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0009_indexes_of_hold_limits")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="hold",
            field=models.ForeignKey(
                blank=True,
                help_text="A hold: the mail is sent once it is a ticket, and dropped if it never"
                " is one.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="bookings.booking",
            ),
        ),
    ]
