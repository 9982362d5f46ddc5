"""Shows can belong to an on-sale, whose waiting room gives the passes that a hold needs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('movies', '0005_running_time_limit'),
        ('shows', '0005_cinema_money'),
        ('waiting_room', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='show',
            name='on_sale',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, help_text='A hold needs a pass of this on-sale (docs/spec.md §24).', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='shows', to='waiting_room.onsale'),
        ),
        migrations.AddField(
            model_name='show',
            name='sale_closed',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Its on-sale is closed.'),
        ),
        migrations.AddIndex(
            model_name='show',
            index=models.Index(condition=models.Q(('on_sale__isnull', False)), fields=['on_sale'], name='show_on_sale'),
        ),
        migrations.AddConstraint(
            model_name='show',
            constraint=models.CheckConstraint(condition=models.Q(('sale_closed', False), ('on_sale__isnull', False), _connector='OR'), name='show_closed_with_its_on_sale'),
        ),
    ]
