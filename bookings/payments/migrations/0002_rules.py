"""Triggers: what was sold and taken can't be changed, and states only go forward.

The lists of states are those of `bookings/payments/states.py`; a test compares them.
"""

from django.db import migrations

STATES = """
CREATE FUNCTION payments_may_become(kind text, old_state text, new_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT old_state = new_state OR (kind || ' ' || old_state || ' ' || new_state) = ANY (ARRAY[
        'order OPEN PAID', 'order OPEN EXPIRED', 'order OPEN ABANDONED', 'order OPEN CANCELLED',
        'order PAID UNPAID', 'order PAID CANCELLED',
        'order UNPAID PAID', 'order UNPAID CANCELLED',
        'order EXPIRED PAID',
        'payment CREATED OPEN', 'payment CREATED FAILED', 'payment CREATED CANCELLED',
        'payment CREATED REVIEW',
        'payment OPEN FAILED', 'payment OPEN CANCEL_DUE', 'payment OPEN CANCELLED',
        'payment OPEN AUTHORISED', 'payment OPEN CAPTURE_DUE', 'payment OPEN CAPTURED',
        'payment OPEN VOID_DUE', 'payment OPEN VOIDED', 'payment OPEN REVIEW',
        'payment FAILED OPEN', 'payment FAILED CANCEL_DUE', 'payment FAILED CANCELLED',
        'payment FAILED AUTHORISED', 'payment FAILED CAPTURE_DUE', 'payment FAILED CAPTURED',
        'payment FAILED VOID_DUE', 'payment FAILED VOIDED', 'payment FAILED REVIEW',
        'payment AUTHORISED CAPTURE_DUE', 'payment AUTHORISED CAPTURED',
        'payment AUTHORISED VOID_DUE', 'payment AUTHORISED VOIDED', 'payment AUTHORISED REVIEW',
        'payment CAPTURE_DUE CAPTURED', 'payment CAPTURE_DUE VOID_DUE',
        'payment CAPTURE_DUE VOIDED', 'payment CAPTURE_DUE REVIEW',
        'payment CANCEL_DUE CANCELLED', 'payment CANCEL_DUE AUTHORISED',
        'payment CANCEL_DUE CAPTURE_DUE', 'payment CANCEL_DUE CAPTURED',
        'payment CANCEL_DUE VOID_DUE', 'payment CANCEL_DUE VOIDED', 'payment CANCEL_DUE REVIEW',
        'payment CANCELLED AUTHORISED', 'payment CANCELLED CAPTURE_DUE',
        'payment CANCELLED CAPTURED', 'payment CANCELLED VOID_DUE', 'payment CANCELLED VOIDED',
        'payment CANCELLED REVIEW',
        'payment VOID_DUE VOIDED', 'payment VOID_DUE CAPTURED', 'payment VOID_DUE REVIEW',
        'payment VOIDED VOID_DUE', 'payment VOIDED CAPTURED', 'payment VOIDED REVIEW',
        'payment REVIEW CANCELLED', 'payment REVIEW CANCEL_DUE', 'payment REVIEW AUTHORISED',
        'payment REVIEW CAPTURE_DUE', 'payment REVIEW CAPTURED', 'payment REVIEW VOID_DUE',
        'payment REVIEW VOIDED',
        'refund DUE SENT', 'refund DUE SUCCEEDED', 'refund DUE FAILED', 'refund DUE MANUAL',
        'refund SENT DUE', 'refund SENT SUCCEEDED', 'refund SENT FAILED', 'refund SENT MANUAL',
        'refund SUCCEEDED FAILED',
        'refund MANUAL SUCCEEDED'
    ])
$$;

CREATE FUNCTION payments_check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT payments_may_become(TG_ARGV[0], OLD.state, NEW.state) THEN
        RAISE EXCEPTION '% %: % can''t become %', TG_ARGV[0], OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0] || '_state_forward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER order_state_forward BEFORE UPDATE OF state ON payments_order
    FOR EACH ROW EXECUTE FUNCTION payments_check_transition('order');
CREATE TRIGGER payment_state_forward BEFORE UPDATE OF state ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_check_transition('payment');
CREATE TRIGGER refund_state_forward BEFORE UPDATE OF state ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_check_transition('refund');
"""
NO_STATES = """
DROP TRIGGER order_state_forward ON payments_order;
DROP TRIGGER payment_state_forward ON payments_payment;
DROP TRIGGER refund_state_forward ON payments_refund;
DROP FUNCTION payments_check_transition();
DROP FUNCTION payments_may_become(text, text, text);
"""

# What was agreed never changes: the total and the currency of an order, its lines, the amount of a
# payment and of a refund. `captured` is written once.
FIXED = """
CREATE FUNCTION payments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER orderline_append_only BEFORE UPDATE OR DELETE ON payments_orderline
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER order_total_fixed BEFORE UPDATE OF total, currency, user_id ON payments_order
    FOR EACH ROW WHEN (
        (OLD.total, OLD.currency, OLD.user_id) IS DISTINCT FROM (NEW.total, NEW.currency, NEW.user_id)
    ) EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER payment_amount_fixed
    BEFORE UPDATE OF uuid, order_id, provider, amount, currency, captured ON payments_payment
    FOR EACH ROW WHEN (
        (OLD.uuid, OLD.order_id, OLD.provider, OLD.amount, OLD.currency)
            IS DISTINCT FROM (NEW.uuid, NEW.order_id, NEW.provider, NEW.amount, NEW.currency)
        OR (OLD.captured <> 0 AND OLD.captured <> NEW.captured)
    ) EXECUTE FUNCTION payments_refuse_change();
CREATE TRIGGER refund_amount_fixed BEFORE UPDATE OF uuid, payment_id, amount ON payments_refund
    FOR EACH ROW WHEN (
        (OLD.uuid, OLD.payment_id, OLD.amount)
            IS DISTINCT FROM (NEW.uuid, NEW.payment_id, NEW.amount)
    ) EXECUTE FUNCTION payments_refuse_change();
"""
NOT_FIXED = """
DROP TRIGGER orderline_append_only ON payments_orderline;
DROP TRIGGER order_total_fixed ON payments_order;
DROP TRIGGER payment_amount_fixed ON payments_payment;
DROP TRIGGER refund_amount_fixed ON payments_refund;
DROP FUNCTION payments_refuse_change();
"""

# Checked at the commit, because an order is written before its lines.
SUMS = """
CREATE FUNCTION payments_check_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    lines bigint;
    which bigint := CASE TG_TABLE_NAME WHEN 'payments_order' THEN NEW.id
                    ELSE (to_jsonb(NEW) ->> 'order_id')::bigint END;
BEGIN
    SELECT total INTO wanted FROM payments_order WHERE id = which;
    SELECT coalesce(sum(gross), 0) INTO lines FROM payments_orderline WHERE order_id = which;
    IF wanted IS DISTINCT FROM lines THEN
        RAISE EXCEPTION 'order %: its total is %, its lines are %', which, wanted, lines
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_total_is_sum_of_lines';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER order_total_is_sum_of_lines AFTER INSERT ON payments_order
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_total();
CREATE CONSTRAINT TRIGGER orderline_sum_is_total AFTER INSERT ON payments_orderline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_check_total();

-- Locks the payment, so that two refunds at once can't both see room for themselves. A failed
-- refund stays failed and amounts never change, so an insert is the only moment to check.
CREATE FUNCTION payments_check_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    given bigint;
BEGIN
    SELECT captured INTO taken FROM payments_payment
        WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO given FROM payments_refund
        WHERE payment_id = NEW.payment_id AND state <> 'FAILED';
    IF NEW.state <> 'FAILED' AND given + NEW.amount > taken THEN
        RAISE EXCEPTION 'payment %: % taken, % given back, % more is refused',
            NEW.payment_id, taken, given, NEW.amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_captured';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_within_captured BEFORE INSERT ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_check_refund();
"""
NO_SUMS = """
DROP TRIGGER order_total_is_sum_of_lines ON payments_order;
DROP TRIGGER orderline_sum_is_total ON payments_orderline;
DROP TRIGGER refunds_within_captured ON payments_refund;
DROP FUNCTION payments_check_total();
DROP FUNCTION payments_check_refund();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL(STATES, NO_STATES),
        migrations.RunSQL(FIXED, NOT_FIXED),
        migrations.RunSQL(SUMS, NO_SUMS),
    ]
