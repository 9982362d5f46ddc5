"""The right to cancel one booking, and the mail about it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0012_mails_about_money'),
        ('shows', '0005_cinema_money'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='booking',
            options={'ordering': ('-created_at', '-pk'), 'permissions': (('view_takings', 'Can see takings: the dashboard'), ('cancel_for_customer', 'Can cancel one booking'))},
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_kind_known',
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('show-cancelled', 'Show cancelled'), ('show-moved', 'Show moved'), ('ticket-paid', 'Ticket paid'), ('money-back', 'Late or surplus money goes back'), ('refunded', 'Money given back'), ('payment-refused', 'Payment refused after all'), ('booking-cancelled', 'Booking cancelled by staff')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['show-cancelled', 'show-moved', 'ticket-paid', 'money-back', 'refunded', 'payment-refused', 'booking-cancelled'])), name='notice_kind_known'),
        ),
    ]
