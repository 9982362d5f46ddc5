"""The keys of orders, lines, payments, refunds and disputes get the show.

docs/decisions/0023-keys-with-the-show.md has the reasons. What is locked, and for how long:
bookmyshow/core/db/keys_with_show.py. If a lock stayed busy, run `migrate` again.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import bookmyshow.core.db.in_show
from bookmyshow.core.db.keys_with_show import Key, KeysWithShow, Link, ShowOf

KEYS = KeysWithShow(
    shows=[
        ShowOf(
            "payments_orderline", "order_id", "payments_order", frozen_by="orderline_append_only"
        ),
        ShowOf("payments_payment", "order_id", "payments_order"),
        ShowOf("payments_refund", "payment_id", "payments_payment"),
        ShowOf("payments_dispute", "payment_id", "payments_payment"),
        ShowOf("payments_providerevent", "payment_id", "payments_payment", optional=True),
        ShowOf(
            "documents_taxdocument",
            "payment_id",
            "payments_payment",
            frozen_by="document_never_changed",
        ),
    ],
    keys=[
        Key("payments_order", "payments_order_pkey", ["id"], ["id", "show_id"]),
        Key("payments_orderline", "payments_orderline_pkey", ["id"], ["id", "show_id"]),
        Key("payments_payment", "payments_payment_pkey", ["id"], ["id", "show_id"]),
        Key("payments_refund", "payments_refund_pkey", ["id"], ["id", "show_id"]),
        Key("payments_dispute", "payments_dispute_pkey", ["id"], ["id", "show_id"]),
        Key("payments_order", "order_reference_unique", ["reference"], ["reference", "show_id"]),
        Key(
            "payments_order",
            "order_one_live_per_booking",
            ["booking_id"],
            ["booking_id", "show_id"],
            where="state IN ('OPEN', 'PAID', 'UNPAID')",
        ),
        Key(
            "payments_orderline",
            "orderline_position_unique",
            ["order_id", "position"],
            ["order_id", "position", "show_id"],
        ),
        Key(
            "payments_orderline",
            "orderline_seat_once",
            ["order_id", "seat"],
            ["order_id", "seat", "show_id"],
            where="NOT seat = ''",
        ),
        Key("payments_payment", "payments_payment_uuid_key", ["uuid"], ["uuid", "show_id"]),
        Key(
            "payments_payment",
            "payment_one_open_per_order",
            ["order_id"],
            ["order_id", "show_id"],
            where="state IN ('CREATED', 'OPEN')",
        ),
        Key(
            "payments_payment",
            "payment_one_kept_per_order",
            ["order_id"],
            ["order_id", "show_id"],
            where="state IN ('CAPTURE_DUE', 'CAPTURED') AND NOT surplus",
        ),
        Key(
            "payments_payment",
            "payment_reference_unique",
            ["provider", "reference"],
            ["provider", "reference", "show_id"],
            where="NOT reference = ''",
        ),
        Key(
            "payments_payment",
            "payment_charge_unique",
            ["provider", "charge"],
            ["provider", "charge", "show_id"],
            where="NOT charge = ''",
        ),
        Key("payments_refund", "payments_refund_uuid_key", ["uuid"], ["uuid", "show_id"]),
        Key(
            "payments_refund",
            "payments_refund_retry_of_id_key",
            ["retry_of_id"],
            ["retry_of_id", "show_id"],
        ),
        Key(
            "payments_refund",
            "refund_reference_unique",
            ["payment_id", "reference"],
            ["payment_id", "reference", "show_id"],
            where="NOT reference = ''",
        ),
        Key(
            "payments_dispute",
            "dispute_once",
            ["provider", "reference"],
            ["provider", "reference", "show_id"],
        ),
    ],
    links=[
        Link("payments_orderline", "order_id", "payments_order"),
        Link("payments_payment", "order_id", "payments_order"),
        Link("payments_refund", "payment_id", "payments_payment"),
        Link("payments_refund", "retry_of_id", "payments_refund"),
        Link("payments_dispute", "payment_id", "payments_payment"),
        Link("payments_providerevent", "payment_id", "payments_payment"),
        Link("documents_taxdocument", "payment_id", "payments_payment"),
        Link("documents_taxdocument", "refund_id", "payments_refund"),
    ],
)

# The functions of migration 0002, which now find the other rows by the show too.
SUMS = """
CREATE OR REPLACE FUNCTION payments_check_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    lines bigint;
    which bigint := CASE TG_TABLE_NAME WHEN 'payments_order' THEN NEW.id
                    ELSE (to_jsonb(NEW) ->> 'order_id')::bigint END;
BEGIN
    SELECT total INTO wanted FROM payments_order WHERE show_id = NEW.show_id AND id = which;
    SELECT coalesce(sum(gross), 0) INTO lines FROM payments_orderline
        WHERE show_id = NEW.show_id AND order_id = which;
    IF wanted IS DISTINCT FROM lines THEN
        RAISE EXCEPTION 'order %: its total is %, its lines are %', which, wanted, lines
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_total_is_sum_of_lines';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION payments_check_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    given bigint;
BEGIN
    SELECT captured INTO taken FROM payments_payment
        WHERE show_id = NEW.show_id AND id = NEW.payment_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO given FROM payments_refund
        WHERE show_id = NEW.show_id AND payment_id = NEW.payment_id AND state <> 'FAILED';
    IF NEW.state <> 'FAILED' AND given + NEW.amount > taken THEN
        RAISE EXCEPTION 'payment %: % taken, % given back, % more is refused',
            NEW.payment_id, taken, given, NEW.amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_captured';
    END IF;
    RETURN NEW;
END $$;
"""
SUMS_BEFORE = SUMS.replace("show_id = NEW.show_id AND ", "")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("documents", "0002_never_changed"),
        ("bookings", "0017_keys_with_show"),
        ("payments", "0006_orders_of_guests"),
        ("shows", "0007_keys_with_show"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(KEYS.apply, KEYS.undo),
        migrations.RunSQL(SUMS, SUMS_BEFORE),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="dispute",
                    name="dispute_once",
                ),
                migrations.RemoveConstraint(
                    model_name="order",
                    name="order_reference_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="order",
                    name="order_one_live_per_booking",
                ),
                migrations.RemoveConstraint(
                    model_name="orderline",
                    name="orderline_position_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="orderline",
                    name="orderline_seat_once",
                ),
                migrations.RemoveConstraint(
                    model_name="payment",
                    name="payment_one_open_per_order",
                ),
                migrations.RemoveConstraint(
                    model_name="payment",
                    name="payment_one_kept_per_order",
                ),
                migrations.RemoveConstraint(
                    model_name="payment",
                    name="payment_reference_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="payment",
                    name="payment_charge_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="refund",
                    name="refund_reference_unique",
                ),
                migrations.AddField(
                    model_name="dispute",
                    name="show",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.show",
                    ),
                ),
                migrations.AddField(
                    model_name="orderline",
                    name="show",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.show",
                    ),
                ),
                migrations.AddField(
                    model_name="payment",
                    name="show",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.show",
                    ),
                ),
                migrations.AddField(
                    model_name="providerevent",
                    name="show",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.show",
                    ),
                ),
                migrations.AddField(
                    model_name="refund",
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
                    model_name="dispute",
                    name="payment",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="payments.payment",
                    ),
                ),
                migrations.AlterField(
                    model_name="orderline",
                    name="order",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payments.order",
                    ),
                ),
                migrations.AlterField(
                    model_name="payment",
                    name="order",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="payments.order",
                    ),
                ),
                migrations.AlterField(
                    model_name="payment",
                    name="uuid",
                    field=models.UUIDField(default=uuid.uuid4, editable=False),
                ),
                migrations.AlterField(
                    model_name="providerevent",
                    name="payment",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="payments.payment",
                    ),
                ),
                migrations.AlterField(
                    model_name="refund",
                    name="payment",
                    field=bookmyshow.core.db.in_show.ForeignKeyInShow(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                    ),
                ),
                migrations.AlterField(
                    model_name="refund",
                    name="retry_of",
                    field=bookmyshow.core.db.in_show.OneToOneInShow(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retry",
                        to="payments.refund",
                    ),
                ),
                migrations.AlterField(
                    model_name="refund",
                    name="uuid",
                    field=models.UUIDField(default=uuid.uuid4, editable=False),
                ),
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.UniqueConstraint(
                        fields=("provider", "reference", "show"), name="dispute_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        fields=("reference", "show"), name="order_reference_unique"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["OPEN", "PAID", "UNPAID"])),
                        fields=("booking", "show"),
                        name="order_one_live_per_booking",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderline",
                    constraint=models.UniqueConstraint(
                        fields=("order", "position", "show"), name="orderline_position_unique"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderline",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("seat", ""), _negated=True),
                        fields=("order", "seat", "show"),
                        name="orderline_seat_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        fields=("uuid", "show"), name="payments_payment_uuid_key"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["CREATED", "OPEN"])),
                        fields=("order", "show"),
                        name="payment_one_open_per_order",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["CAPTURE_DUE", "CAPTURED"]), ("surplus", False)
                        ),
                        fields=("order", "show"),
                        name="payment_one_kept_per_order",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("provider", "reference", "show"),
                        name="payment_reference_unique",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("charge", ""), _negated=True),
                        fields=("provider", "charge", "show"),
                        name="payment_charge_unique",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="providerevent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("payment", None), ("show__isnull", False), _connector="OR"
                        ),
                        name="payments_providerevent_show_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.UniqueConstraint(
                        fields=("uuid", "show"), name="payments_refund_uuid_key"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("payment", "reference", "show"),
                        name="refund_reference_unique",
                    ),
                ),
            ]
        ),
    ]
