"""A payment that is VOIDED may become CAPTURE_DUE: the buyer paid again, in time.

The list is that of `bookings/payments/states.py`; a test compares them. To go back, the longer list
may stay: the older code only uses less of it.
"""

from django.db import migrations

STATES = """
CREATE OR REPLACE FUNCTION payments_may_become(kind text, old_state text, new_state text) RETURNS boolean
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
        'payment VOIDED VOID_DUE', 'payment VOIDED CAPTURE_DUE', 'payment VOIDED CAPTURED',
        'payment VOIDED REVIEW',
        'payment REVIEW CANCELLED', 'payment REVIEW CANCEL_DUE', 'payment REVIEW AUTHORISED',
        'payment REVIEW CAPTURE_DUE', 'payment REVIEW CAPTURED', 'payment REVIEW VOID_DUE',
        'payment REVIEW VOIDED',
        'refund DUE SENT', 'refund DUE SUCCEEDED', 'refund DUE FAILED', 'refund DUE MANUAL',
        'refund SENT DUE', 'refund SENT SUCCEEDED', 'refund SENT FAILED', 'refund SENT MANUAL',
        'refund SUCCEEDED FAILED',
        'refund MANUAL SUCCEEDED'
    ])
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_keys_with_show")]

    operations = [migrations.RunSQL(STATES, migrations.RunSQL.noop)]
