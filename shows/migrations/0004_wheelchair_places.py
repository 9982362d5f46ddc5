from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The site goes on selling seats while the index is built.
    atomic = False

    dependencies = [("shows", "0003_cleaning_limit")]

    operations = [
        AddIndexConcurrently(
            model_name="seat",
            index=models.Index(
                fields=["show"],
                condition=models.Q(("is_wheelchair", True)),
                name="seat_wheelchair_of_show",
            ),
        ),
    ]
