"""References are ASCII; in the collation "C" their unique index also finds them by a beginning."""

from django.db import migrations, models

import bookings.models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0005_view_takings")]

    operations = [
        migrations.AlterField(
            model_name="booking",
            name="reference",
            field=models.CharField(
                db_collation="C",
                default=bookings.models.new_reference,
                editable=False,
                max_length=15,
            ),
        ),
    ]
