from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0007_notice_claims"),
        ("accounts", "0005_email_confirmed_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="held_from",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="Of a hold: a keyed hash of the client's address. Empty once it is over.",
                max_length=16,
            ),
        ),
    ]
