"""Moves the mails about shows and money to the outbox.

Processes of the release before may still write notices while this release starts. A trigger moves
each of them to the outbox too. So the table `bookings_notice` stays, empty, for one release.

A sender of the release before may be sending a notice at this moment. Its row is moved as well, and
the outbox sends it again under the same Message-ID, which is why its key is made of the old one.
"""

from django.db import migrations

MOVE = """
    INSERT INTO outbox_message (channel, kind, key, user_id, address, show, booking, data, priority,
        created_at, due_at, next_try_at, attempts, claimed_until, sent_at, given_up_at, last_error)
    SELECT 'mail', CASE n.kind WHEN 'refunded' THEN 'refund-on-its-way' ELSE n.kind END, 'notice-' || n.change || '-' || n.id, n.user_id, '', n.show_id, n.hold_id,
        n.detail, CASE n.kind WHEN 'ticket-paid' THEN 0 ELSE 1 END, n.created_at, n.created_at,
        n.next_try_at, n.attempts, n.claimed_until, n.sent_at, n.given_up_at, n.last_error
"""
TRIGGER = f"""
    CREATE FUNCTION bookings_notice_to_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {MOVE} FROM (SELECT NEW.*) n ON CONFLICT DO NOTHING;
        DELETE FROM bookings_notice WHERE id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER notice_to_outbox AFTER INSERT ON bookings_notice
        FOR EACH ROW EXECUTE FUNCTION bookings_notice_to_outbox();
"""
NO_TRIGGER = """
    DROP TRIGGER notice_to_outbox ON bookings_notice;
    DROP FUNCTION bookings_notice_to_outbox();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0014_booking_is_offer'),
        ('outbox', '0001_initial'),
    ]

    operations = [
        # It waits for transactions that write notices, and keeps others from writing until the end.
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
        migrations.RunSQL(f"{MOVE} FROM bookings_notice n ORDER BY n.id", migrations.RunSQL.noop),
        migrations.RunSQL("DELETE FROM bookings_notice", migrations.RunSQL.noop),
    ]
