"""Rights of staff about personal data."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_emails_of_guests")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ("email",),
                "permissions": (
                    ("export_person", "Can export a person’s data"),
                    ("anonymise_person", "Can anonymise a person"),
                ),
            },
        ),
    ]
