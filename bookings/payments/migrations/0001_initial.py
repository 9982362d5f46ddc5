"""Orders, their lines, payments, refunds, disputes and events of providers."""

import bookings.payments.models.orders
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('bookings', '0012_mails_about_money'),
        ('shows', '0004_wheelchair_places'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(db_collation='C', default=bookings.payments.models.orders.new_order_reference, editable=False, max_length=15)),
                ('email', models.EmailField(help_text='Where the receipt goes.', max_length=254)),
                ('booking_reference', models.CharField(db_collation='C', max_length=15)),
                ('film', models.CharField(max_length=200)),
                ('cinema_name', models.CharField(max_length=120)),
                ('screen_name', models.CharField(max_length=80)),
                ('starts_at', models.DateTimeField()),
                ('time_zone', models.CharField(max_length=64)),
                ('seats', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=11), size=None)),
                ('currency', models.CharField(max_length=3)),
                ('total', models.BigIntegerField(help_text="In the currency's minor unit; the sum of the lines.")),
                ('policy', models.CharField(blank=True, help_text='The cancellation policy when it was bought.', max_length=200)),
                ('state', models.CharField(choices=[('OPEN', 'Being paid'), ('PAID', 'Paid'), ('UNPAID', 'Not paid'), ('EXPIRED', 'Not paid in time'), ('ABANDONED', 'Given up'), ('CANCELLED', 'Cancelled')], default='OPEN', max_length=9)),
                ('pay_until', models.DateTimeField(help_text='Then the payment is ended, shortly before the seats are free again.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('booking', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='orders', to='bookings.booking')),
                ('cinema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='shows.cinema')),
                ('show', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='orders', to='shows.show')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('SEAT', 'Seat'), ('FEE', 'Booking fee')], max_length=12)),
                ('text', models.CharField(max_length=200)),
                ('seat', models.CharField(blank=True, max_length=11)),
                ('quantity', models.PositiveIntegerField(default=1)),
                ('unit', models.BigIntegerField(help_text='The price of one, with tax.')),
                ('gross', models.BigIntegerField()),
                ('net', models.BigIntegerField()),
                ('tax', models.BigIntegerField()),
                ('tax_basis_points', models.PositiveIntegerField(help_text='1800 is 18 per cent.')),
                ('tax_code', models.CharField(blank=True, help_text="SAC, or the tax office's.", max_length=20)),
                ('tax_name', models.CharField(blank=True, max_length=40)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='payments.order')),
            ],
            options={
                'ordering': ('order', 'position'),
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('provider', models.CharField(help_text='stripe, razorpay, sandbox, sandbox-razorpay or counter.', max_length=20)),
                ('method', models.CharField(blank=True, choices=[('', 'Online'), ('cash', 'Cash'), ('card', 'Card at the counter'), ('other', 'Other')], max_length=8)),
                ('amount', models.BigIntegerField(help_text="In the currency's minor unit.")),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('CREATED', 'Created'), ('OPEN', 'Open'), ('FAILED', 'Declined'), ('AUTHORISED', 'Reserved'), ('CAPTURE_DUE', 'To be taken'), ('CAPTURED', 'Taken'), ('CANCEL_DUE', 'To be ended'), ('CANCELLED', 'Ended without money'), ('VOID_DUE', 'To be released'), ('VOIDED', 'Released'), ('REVIEW', 'Needs a person')], default='CREATED', max_length=11)),
                ('reference', models.CharField(blank=True, help_text="The provider's session or order.", max_length=255)),
                ('charge', models.CharField(blank=True, help_text="The provider's payment.", max_length=255)),
                ('checkout_url', models.TextField(blank=True, help_text="The provider's page for the buyer.")),
                ('checkout_form', models.JSONField(blank=True, help_text='The fields to post there, if a link is not enough.', null=True)),
                ('captured', models.BigIntegerField(default=0, help_text='What was really taken.')),
                ('surplus', models.BooleanField(default=False, help_text='The money is not for the order (late, twice, a wrong amount): all of it goes back.')),
                ('next_check_at', models.DateTimeField(blank=True, help_text='When the reconciler looks; empty: never again.', null=True)),
                ('checks', models.PositiveSmallIntegerField(default=0)),
                ('claimed_until', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, help_text="Why the last try failed, in the provider's code.", max_length=200)),
                ('review', models.CharField(blank=True, help_text='Why a person must look; empty: nobody must.', max_length=300)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('captured_at', models.DateTimeField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='payments.order')),
                ('taken_by', models.ForeignKey(blank=True, help_text='Who took the money at the counter.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('reference', models.CharField(max_length=255)),
                ('amount', models.BigIntegerField(help_text="In the currency's minor unit.")),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('needs_response', 'Needs an answer'), ('under_review', 'Being decided'), ('won', 'Won'), ('lost', 'Lost'), ('closed', 'Closed')], max_length=14)),
                ('reason', models.CharField(blank=True, max_length=100)),
                ('due_at', models.DateTimeField(blank=True, help_text='The last moment to answer.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.payment')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='ProviderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('event_id', models.CharField(blank=True, max_length=255)),
                ('body_hash', models.CharField(help_text='SHA-256 of the body.', max_length=64)),
                ('kind', models.CharField(max_length=100)),
                ('object_reference', models.CharField(blank=True, help_text='The payment it is about, as the provider names it.', max_length=255)),
                ('created_at', models.DateTimeField(blank=True, help_text="By the provider's clock.", null=True)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('handled_at', models.DateTimeField(blank=True, null=True)),
                ('payment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='events', to='payments.payment')),
            ],
            options={
                'ordering': ('-received_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('amount', models.BigIntegerField(help_text="In the currency's minor unit.")),
                ('state', models.CharField(choices=[('DUE', 'To be sent'), ('SENT', 'Sent'), ('SUCCEEDED', 'Given back'), ('FAILED', 'Failed'), ('MANUAL', 'To be handed back')], default='DUE', max_length=9)),
                ('source', models.CharField(choices=[('CUSTOMER', 'Cancelled by the customer'), ('STAFF', 'By staff'), ('SHOW', 'The show was cancelled or moved'), ('LATE', 'Paid too late'), ('DUPLICATE', 'Paid twice'), ('EXTERNAL', 'Made at the provider'), ('DISPUTE', 'Charged back')], max_length=9)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('lines', models.JSONField(blank=True, default=list, help_text="[order line's id, amount] for each line given back.")),
                ('reference', models.CharField(blank=True, help_text="The provider's refund.", max_length=255)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('claimed_until', models.DateTimeField(blank=True, null=True)),
                ('failure_code', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.payment')),
                ('retry_of', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='retry', to='payments.refund')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state', 'OPEN')), fields=['pay_until'], name='order_open_until'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['booking_reference'], name='order_of_booking_reference'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['created_at'], name='order_created_at'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('reference',), name='order_reference_unique'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['OPEN', 'PAID', 'UNPAID'])), fields=('booking',), name='order_one_live_per_booking'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('reference__regex', '^BMO[0-9A-HJKMNP-TV-Z]{12}$')), name='order_reference_form'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['OPEN', 'PAID', 'UNPAID', 'EXPIRED', 'ABANDONED', 'CANCELLED'])), name='order_state_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total__gt', 0)), name='order_total_positive'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='order_currency_form'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'position'), name='orderline_position_unique'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(condition=models.Q(('seat', ''), _negated=True), fields=('order', 'seat'), name='orderline_seat_once'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('gross', django.db.models.expressions.CombinedExpression(models.F('net'), '+', models.F('tax')))), name='orderline_net_and_tax'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('gross', django.db.models.expressions.CombinedExpression(models.F('unit'), '*', models.F('quantity')))), name='orderline_unit_times_quantity'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('gross__gte', 0), ('net__gte', 0), ('quantity__gte', 1), ('tax__gte', 0)), name='orderline_not_negative'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='payment_to_check'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('state__in', ['CAPTURED', 'CANCELLED', 'VOIDED']), _negated=True), fields=['state', 'updated_at'], name='payment_not_final'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('review', ''), _negated=True), fields=['updated_at'], name='payment_to_review'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['captured_at'], name='payment_captured_at'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['created_at'], name='payment_created_at'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['CREATED', 'OPEN'])), fields=('order',), name='payment_one_open_per_order'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['CAPTURE_DUE', 'CAPTURED']), ('surplus', False)), fields=('order',), name='payment_one_kept_per_order'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('provider', 'reference'), name='payment_reference_unique'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('charge', ''), _negated=True), fields=('provider', 'charge'), name='payment_charge_unique'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['CREATED', 'OPEN', 'FAILED', 'AUTHORISED', 'CAPTURE_DUE', 'CAPTURED', 'CANCEL_DUE', 'CANCELLED', 'VOID_DUE', 'VOIDED', 'REVIEW'])), name='payment_state_known'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='payment_currency_form'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('captured__gt', 0), ('captured_at__isnull', False), ('state', 'CAPTURED')), models.Q(models.Q(('state', 'CAPTURED'), _negated=True), ('captured', 0), ('captured_at__isnull', True)), _connector='OR'), name='payment_captured_with_amount'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'CAPTURED'), _negated=True), ('surplus', True), ('captured', models.F('amount')), _connector='OR'), name='payment_keeps_what_was_asked'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('state__in', ['needs_response', 'under_review'])), fields=['due_at'], name='dispute_open'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(fields=('provider', 'reference'), name='dispute_once'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['needs_response', 'under_review', 'won', 'lost', 'closed'])), name='dispute_state_known'),
        ),
        migrations.AddIndex(
            model_name='providerevent',
            index=models.Index(condition=models.Q(('handled_at__isnull', True)), fields=['received_at'], name='providerevent_waiting'),
        ),
        migrations.AddIndex(
            model_name='providerevent',
            index=models.Index(fields=['received_at'], name='providerevent_received_at'),
        ),
        migrations.AddConstraint(
            model_name='providerevent',
            constraint=models.UniqueConstraint(condition=models.Q(('event_id', ''), _negated=True), fields=('provider', 'event_id'), name='providerevent_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='providerevent',
            constraint=models.UniqueConstraint(fields=('provider', 'body_hash'), name='providerevent_body_unique'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('state__in', ['DUE', 'SENT'])), fields=['next_try_at'], name='refund_to_send'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('state', 'SUCCEEDED'), _negated=True), fields=['state', 'created_at'], name='refund_not_done'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['ended_at'], name='refund_ended_at'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['DUE', 'SENT', 'SUCCEEDED', 'FAILED', 'MANUAL'])), name='refund_state_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['CUSTOMER', 'STAFF', 'SHOW', 'LATE', 'DUPLICATE', 'EXTERNAL', 'DISPUTE'])), name='refund_source_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('state__in', ['SUCCEEDED', 'FAILED'])), models.Q(('ended_at__isnull', True), ('state__in', ['DUE', 'SENT', 'MANUAL'])), _connector='OR'), name='refund_ended_at_when_ended'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('payment', 'reference'), name='refund_reference_unique'),
        ),
    ]
