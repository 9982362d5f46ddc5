"""With collation "C" the unique index of references also finds them by their beginning."""

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
