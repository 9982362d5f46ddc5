"""The ORM knows the show of a document.

The column and its constraints are in migration 0007 of the app payments.
"""

import django.db.models.deletion
from django.db import migrations, models

import bookmyshow.core.db.in_show


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0002_never_changed"),
        ("payments", "0007_keys_with_show"),
        ("shows", "0007_keys_with_show"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="taxdocument",
                    name="show",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.show",
                    ),
                ),
                migrations.AlterField(
                    model_name="taxdocument",
                    name="payment",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="payments.payment",
                    ),
                ),
                migrations.AlterField(
                    model_name="taxdocument",
                    name="refund",
                    field=bookmyshow.core.db.in_show.OneToOneInShow(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document",
                        to="payments.refund",
                    ),
                ),
            ]
        ),
    ]
