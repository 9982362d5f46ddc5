"""Baseline T: pgbench runs the hold's transaction, without a web server."""

import os
import re
import subprocess
import tempfile

from bench.data import SEATS_IN_ROW
from bookmyshow.embedded.postgres import _binaries

# A hold as separate statements: lock the show, read the seats, lock the person's earlier hold,
# insert the booking, update the seats and the show. The product needs fewer statements
# (bookings/holds_sql.py).
SCRIPT = f"""
\\set i :i + 1
\\set n :base + :i * :clients + :client_id
\\set show :first_show + :n % :shows
\\set p :n / :shows * 2
\\set row :p / {SEATS_IN_ROW} + 1
\\set seat :p % {SEATS_IN_ROW} + 1
\\set row2 (:p + 1) / {SEATS_IN_ROW} + 1
\\set seat2 (:p + 1) % {SEATS_IN_ROW} + 1
\\set person :first_person + :p / 2
BEGIN;
SELECT * FROM shows_show WHERE id = :show FOR NO KEY UPDATE;
SELECT s.*, clock_timestamp(), b.status, b.expires_at FROM shows_seat s
  LEFT JOIN bookings_booking b ON b.id = s.booking_id
  WHERE s.show_id = :show
    AND s.label IN ('R' || :row || '-' || :seat, 'R' || :row2 || '-' || :seat2)
  ORDER BY s.position;
SELECT * FROM bookings_booking WHERE user_id = :person AND show_id = :show AND status = 'PENDING'
  ORDER BY id FOR NO KEY UPDATE;
INSERT INTO bookings_booking (reference, user_id, show_id, total_seats, total_amount, seats,
    seat_prices, status, created_at, updated_at, expires_at, ended_reason, idempotency_hash)
  VALUES ('BMV' || upper(lpad(to_hex(:n + 1099511627776), 12, '0')), :person, :show, 2, 500,
    ARRAY['R' || :row || '-' || :seat, 'R' || :row2 || '-' || :seat2], ARRAY[250, 250], 'PENDING',
    clock_timestamp(), now(), clock_timestamp() + interval '60 minutes', '', '')
  RETURNING id AS booking \\gset
UPDATE shows_seat SET booking_id = :booking WHERE show_id = :show
  AND label IN ('R' || :row || '-' || :seat, 'R' || :row2 || '-' || :seat2) AND booking_id IS NULL;
UPDATE shows_show SET available_seats = available_seats - 2 WHERE id = :show;
COMMIT;
"""


def transactions_per_second(
    url: str, *, shows: list[int], first_person: int, base: int, clients: int, seconds: int
) -> float:
    """Run holds for `seconds`; return holds per second.

    `base` is the number of pairs of seats to leave out, because earlier calls have taken them.
    `shows` must be consecutive ids. Raises RuntimeError if pgbench fails.
    """
    values = {
        "i": 0,
        "base": base,
        "clients": clients,
        "first_show": shows[0],
        "shows": len(shows),
        "first_person": first_person,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(SCRIPT)
        file.flush()
        command = [str(_binaries() / "pgbench"), "-n", "-M", "prepared", "-f", file.name]
        command += ["-c", str(clients), "-j", "1", "-T", str(seconds)]
        command += [f"-D{name}={value}" for name, value in values.items()]
        result = subprocess.run(
            [*command, url], capture_output=True, text=True, env=dict(os.environ)
        )
    rate = re.search(r"tps = ([\d.]+) \(without", result.stdout)
    if result.returncode or not rate:
        raise RuntimeError(f"pgbench failed: {result.stdout}{result.stderr}")
    return float(rate[1])
