"""Wishes to be told when a film can be booked."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("movies", "0005_running_time_limit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FilmWish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "city",
                    models.CharField(
                        blank=True,
                        help_text="Tell me when the film can be booked in this city."
                        " Empty: in any.",
                        max_length=80,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "movie",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wishes",
                        to="movies.movie",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="film_wishes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [
                    models.Index(
                        condition=Q(confirmed_at__isnull=False, told_at__isnull=True),
                        fields=["movie", "id"],
                        name="film_wish_waiting",
                    ),
                    models.Index(
                        condition=Q(confirmed_at__isnull=True) | Q(told_at__isnull=False),
                        fields=["created_at"],
                        name="film_wish_to_forget",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "movie"), name="film_wish_once"),
                    models.CheckConstraint(
                        condition=Q(told_at__isnull=True) | Q(confirmed_at__isnull=False),
                        name="film_wish_told_after_confirmation",
                    ),
                ],
            },
        ),
    ]
