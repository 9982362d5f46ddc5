"""Each cinema gets a currency, a booking fee and what invoices say about the seller."""

import re
from decimal import Decimal

import django.core.validators
from django.conf import settings
from django.db import migrations, models

import shows.models.cinema


def default_of_the_old_release(apps, schema_editor):
    """Give the column a default: the old release, which runs on, inserts cinemas without it."""
    assert re.fullmatch("[A-Z]{3}", settings.CURRENCY)
    schema_editor.execute(
        f"ALTER TABLE shows_cinema ALTER COLUMN currency SET DEFAULT '{settings.CURRENCY}'"
    )


class Migration(migrations.Migration):
    dependencies = [("shows", "0004_wheelchair_places")]

    operations = [
        migrations.AddField(
            model_name="cinema",
            name="currency",
            # Existing cinemas get CURRENCY as it is set when the migration runs.
            field=models.CharField(
                default=shows.models.cinema.default_currency,
                help_text="Of all prices here. It can't be changed once there are bookings.",
                max_length=3,
                validators=[shows.models.cinema.validate_currency],
            ),
        ),
        migrations.RunPython(default_of_the_old_release, migrations.RunPython.noop),
        migrations.AddField(
            model_name='cinema',
            name='booking_fee',
            field=models.DecimalField(db_default=Decimal('0'), decimal_places=2, default=Decimal('0'), help_text='Added when a customer pays online, tax included. 0: no fee.', max_digits=8, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='cinema',
            name='booking_fee_per',
            field=models.CharField(choices=[('ticket', 'ticket'), ('order', 'order')], db_default='ticket', default='ticket', max_length=6, verbose_name='fee for each'),
        ),
        migrations.AddField(
            model_name='cinema',
            name='legal_name',
            field=models.CharField(blank=True, db_default='', default='', help_text='The company that sells the tickets, as it is written on invoices.', max_length=200),
        ),
        migrations.AddField(
            model_name='cinema',
            name='tax_number',
            field=models.CharField(blank=True, db_default='', default='', help_text='GSTIN or VAT number, as it is written on invoices.', max_length=32),
        ),
        migrations.AddField(
            model_name='cinema',
            name='tax_place',
            field=models.CharField(blank=True, db_default='', default='', help_text='Where it pays tax, as in ISO 3166: a country, such as DE, or a state, such as IN-MH.', max_length=6, validators=[django.core.validators.RegexValidator('^[A-Z]{2}(-[A-Z0-9]{1,3})?\\Z', 'Write the country, or country and state, as in ISO 3166: DE, or IN-MH.')]),
        ),
        migrations.AddConstraint(
            model_name='cinema',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='cinema_currency_is_a_code'),
        ),
        migrations.AddConstraint(
            model_name='cinema',
            constraint=models.CheckConstraint(condition=models.Q(('booking_fee__gte', 0)), name='cinema_booking_fee_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='cinema',
            constraint=models.CheckConstraint(condition=models.Q(('booking_fee_per__in', ['ticket', 'order'])), name='cinema_booking_fee_per_known'),
        ),
    ]
