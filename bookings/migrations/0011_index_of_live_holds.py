"""An index that finds a person's live holds without reading all bookings of the person."""

from django.conf import settings
from django.db import migrations, models

from bookmyshow.core.db.operations import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("bookings", "0010_notice_hold"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *build_index(
            "booking",
            models.Index(fields=["user", "expires_at"], name="booking_of_person_by_end"),
        ),
    ]
