"""Four kinds of mails about money."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0011_index_of_live_holds'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_kind_known',
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('show-cancelled', 'Show cancelled'), ('show-moved', 'Show moved'), ('ticket-paid', 'Ticket paid'), ('money-back', 'Late or surplus money goes back'), ('refunded', 'Money given back'), ('payment-refused', 'Payment refused after all')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['show-cancelled', 'show-moved', 'ticket-paid', 'money-back', 'refunded', 'payment-refused'])), name='notice_kind_known'),
        ),
    ]
