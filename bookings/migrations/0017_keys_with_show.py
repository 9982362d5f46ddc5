"""The keys of bookings, admissions, seats and places in line get the show.

docs/decisions/0023-keys-with-the-show.md has the reasons. What is locked, and for how long:
bookmyshow/core/db/keys_with_show.py. If a lock stayed busy, run `migrate` again.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import bookmyshow.core.db.in_show
from bookmyshow.core.db.keys_with_show import Key, KeysWithShow, Link, ShowOf

KEYS = KeysWithShow(
    shows=[ShowOf("bookings_admission", "booking_id", "bookings_booking")],
    keys=[
        Key("bookings_booking", "bookings_booking_pkey", ["id"], ["id", "show_id"]),
        Key(
            "bookings_booking", "booking_reference_unique", ["reference"], ["reference", "show_id"]
        ),
        Key(
            "bookings_booking",
            "booking_idempotency_key_unique_per_user",
            ["user_id", "idempotency_key"],
            ["user_id", "idempotency_key", "show_id"],
            where="idempotency_key IS NOT NULL",
        ),
        Key("bookings_admission", "bookings_admission_pkey", ["id"], ["id", "show_id"]),
        # The show comes first here: a show's admissions are listed by this index.
        Key(
            "bookings_admission",
            "bookings_admission_booking_id_key",
            ["booking_id"],
            ["show_id", "booking_id"],
        ),
        Key("shows_seat", "shows_seat_pkey", ["id"], ["id", "show_id"]),
        Key("waiting_entry", "waiting_entry_pkey", ["id"], ["id", "show_id"]),
        Key(
            "waiting_entry",
            "waiting_entry_booking_id_key",
            ["booking_id"],
            ["booking_id", "show_id"],
        ),
    ],
    links=[
        Link("bookings_admission", "booking_id", "bookings_booking"),
        Link("shows_seat", "booking_id", "bookings_booking"),
        Link("waiting_entry", "booking_id", "bookings_booking"),
    ],
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("waiting", "0001_initial"),
        ("bookings", "0016_no_notice_model"),
        ("shows", "0005_cinema_money"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(KEYS.apply, KEYS.undo),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="booking",
                    name="booking_reference_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="booking",
                    name="booking_idempotency_key_unique_per_user",
                ),
                migrations.AddField(
                    model_name="admission",
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
                    model_name="admission",
                    name="booking",
                    field=bookmyshow.core.db.in_show.OneToOneInShow(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="admission",
                        to="bookings.booking",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="booking",
                    constraint=models.UniqueConstraint(
                        fields=("reference", "show"), name="booking_reference_unique"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="booking",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("idempotency_key__isnull", False)),
                        fields=("user", "idempotency_key", "show"),
                        name="booking_idempotency_key_unique_per_user",
                    ),
                ),
            ]
        ),
    ]
