"""Rights of staff about refunds and payments."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0004_handed_back_by'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='payment',
            options={'ordering': ('-created_at', '-pk'), 'permissions': (('check_payment', 'Can have a payment compared with the provider'), ('review_payment', 'Can close the review of a payment'))},
        ),
        migrations.AlterModelOptions(
            name='refund',
            options={'ordering': ('-created_at', '-pk'), 'permissions': (('give_refund', 'Can give money back, and try a failed refund again'), ('settle_refund', 'Can say that money was handed back'))},
        ),
    ]
