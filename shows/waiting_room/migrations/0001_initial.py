"""On-sales with a waiting room; their draw can't be changed."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


# The seed and the number of people decide everybody's turn, so nobody may change them afterwards.
FINAL_DRAW = """
CREATE FUNCTION waiting_room_refuse_new_draw() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the draw of on-sale % was held and does not change', OLD.id;
END $$;
CREATE TRIGGER waiting_room_final_draw
BEFORE UPDATE OF drawn_at, seed, early ON waiting_room_onsale FOR EACH ROW
WHEN (OLD.drawn_at IS NOT NULL
      AND (OLD.drawn_at, OLD.seed, OLD.early) IS DISTINCT FROM (NEW.drawn_at, NEW.seed, NEW.early))
EXECUTE FUNCTION waiting_room_refuse_new_draw();
"""
NO_FINAL_DRAW = """
DROP TRIGGER waiting_room_final_draw ON waiting_room_onsale;
DROP FUNCTION waiting_room_refuse_new_draw();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('movies', '0005_running_time_limit'),
        ('shows', '0005_cinema_money'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OnSale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('OFF', 'Off: no waiting room'), ('FIFO', 'First come, first served'), ('LOTTERY', 'Lottery among those who come before the opening'), ('CLOSED', 'Closed: nobody can hold seats')], default='LOTTERY', max_length=7)),
                ('prequeue_from', models.DateTimeField(help_text='From this time on people can join.')),
                ('opens_at', models.DateTimeField(help_text='The draw, and the first people are let in.')),
                ('rate', models.PositiveIntegerField(help_text='People let in each minute.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60000)])),
                ('active_cap', models.PositiveIntegerField(help_text='People who may choose seats at the same time.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)])),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('drawn_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('seed', models.BinaryField(default=b'', max_length=32)),
                ('early', models.PositiveIntegerField(editable=False, help_text='The last number that takes part in the draw.', null=True)),
                ('called_upto', models.PositiveIntegerField(default=0, editable=False, help_text='The last turn that was called.')),
                ('credited_to', models.DateTimeField(editable=False, null=True)),
                ('looked_at', models.DateTimeField(editable=False, null=True)),
                ('movie', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='movies.movie')),
                ('scheduled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('show', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shows.show')),
            ],
            options={
                'verbose_name': 'on-sale',
                'ordering': ('-opens_at', '-pk'),
                'permissions': (('run_on_sale', 'Can schedule an on-sale, and switch it'),),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Arrivals',
            fields=[
                ('on_sale', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='arrivals', serialize=False, to='waiting_room.onsale')),
                ('last', models.PositiveIntegerField(default=0)),
                ('early', models.PositiveIntegerField(default=0, help_text='The last number that was given before the opening.')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='The order of arrival.')),
                ('turn', models.PositiveIntegerField(help_text='The order of admission.', null=True)),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('called_at', models.DateTimeField(blank=True, null=True)),
                ('entered_at', models.DateTimeField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('BOUGHT', 'Bought tickets'), ('LAPSED', 'Did not come when it was their turn'), ('EXPIRED', 'Used up the time')], db_default='', max_length=7)),
                ('on_sale', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='places', to='waiting_room.onsale')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'place in the waiting room',
                'verbose_name_plural': 'places in the waiting room',
                'ordering': ('on_sale', 'number'),
                'default_permissions': ('view',),
            },
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('movie', None), ('show__isnull', False)), models.Q(('movie__isnull', False), ('show', None)), _connector='OR'), name='on_sale_of_a_film_or_a_show'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.CheckConstraint(condition=models.Q(('prequeue_from__lte', models.F('opens_at'))), name='on_sale_prequeue_before_opening'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.CheckConstraint(condition=models.Q(('active_cap__gt', 0), ('rate__gt', 0)), name='on_sale_lets_people_in'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', ['OFF', 'FIFO', 'LOTTERY', 'CLOSED'])), name='on_sale_mode_known'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('called_upto', 0), ('credited_to', None), ('drawn_at', None), ('early', None), ('seed', b'')), models.Q(('credited_to__isnull', False), ('drawn_at__isnull', False), ('early__isnull', False)), _connector='OR'), name='on_sale_draw_complete'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.UniqueConstraint(condition=models.Q(('mode', 'OFF'), _negated=True), fields=('movie',), name='on_sale_one_for_a_film'),
        ),
        migrations.AddConstraint(
            model_name='onsale',
            constraint=models.UniqueConstraint(condition=models.Q(('mode', 'OFF'), _negated=True), fields=('show',), name='on_sale_one_for_a_show'),
        ),
        migrations.AddIndex(
            model_name='place',
            index=models.Index(condition=models.Q(('turn', None)), fields=['on_sale'], name='place_without_turn'),
        ),
        migrations.AddIndex(
            model_name='place',
            index=models.Index(condition=models.Q(('called_at', None), ('turn__isnull', False)), fields=['on_sale', 'turn'], name='place_in_line'),
        ),
        migrations.AddIndex(
            model_name='place',
            index=models.Index(condition=models.Q(('called_at__isnull', False), ('done_at', None)), fields=['on_sale'], name='place_active'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('on_sale', 'user'), name='place_one_an_account'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('on_sale', 'number'), name='place_number_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('on_sale', 'turn'), name='place_turn_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='place_number_from_1'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('called_at', None), ('turn__isnull', False), _connector='OR'), name='place_called_by_turn'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('entered_at', None), ('called_at__isnull', False), _connector='OR'), name='place_entered_after_call'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('outcome', '')), models.Q(('called_at__isnull', False), ('done_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='place_outcome_at_the_end'),
        ),
        migrations.RunSQL(FINAL_DRAW, NO_FINAL_DRAW),
    ]
