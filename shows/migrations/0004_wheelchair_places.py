from django.db import migrations, models

from bookmyshow.core.db.operations import build_index


class Migration(migrations.Migration):
    # The site goes on selling seats while the index is built.
    atomic = False

    dependencies = [("shows", "0003_cleaning_limit")]

    operations = build_index(
        "seat",
        models.Index(
            fields=["show"],
            condition=models.Q(("is_wheelchair", True)),
            name="seat_wheelchair_of_show",
        ),
    )
