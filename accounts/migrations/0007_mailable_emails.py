"""The check of an address is the application's; the table stays as it is."""

from django.db import migrations, models

import accounts.email.addresses


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_audit_log_is_never_emptied")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                max_length=254, validators=[accounts.email.addresses.validate_mailable]
            ),
        ),
    ]
