"""``python -m bench.mails [COUNT]``: how fast due mails drain, and how much memory that needs.

Run it beside the embedded servers: ``python -m bookmyshow.embedded python -m bench.mails``. The
mails go to a server on this machine that answers at once, so their speed is the sender's own. A
real server is slower. ``--reply-ms 20`` makes each of its five replies for a mail that slow.
"""

import argparse
import json
import os
import sys
import time

from bench.sites import SERVED, Database
from bookmyshow.environment import ROOT

BENCH = Database("bench_mails", 5)
PEOPLE = 1_000
FILL = f"""
    INSERT INTO accounts_user (password, is_superuser, email, name, phone, is_staff, is_active,
        is_guest, token_version, created_at, updated_at)
    SELECT '!', false, 'person' || n || '@example.com', 'Person ' || n, '', false, true, false, 0,
        now(), now() FROM generate_series(1, {PEOPLE}) n;
    INSERT INTO outbox_message (kind, key, user_id, data, priority)
    SELECT 'password-changed', 'bench:' || n, u.id, '{{"changed_at": "today"}}', mod(n, 3)
    FROM generate_series(1, %(count)s) n
    JOIN accounts_user u ON u.email = 'person' || (mod(n, {PEOPLE}) + 1) || '@example.com'
"""
#: The memory is measured after this many mails, when the process has loaded all its modules.
WARM = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--reply-ms", type=float, default=0.0)
    parser.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drain:
        drain()
        return
    from tests.support.mail_server import mail_server

    os.environ |= SERVED
    BENCH.create()
    BENCH.manage("migrate")
    with mail_server() as server:
        server.keeps = False
        server.reply_seconds = options.reply_ms / 1000
        os.environ |= {"BENCH_COUNT": str(options.count)}
        SERVED["EMAIL_URL"] = server.url
        found = json.loads(BENCH.python("bench.mails", "--drain"))
        assert server.count == options.count, server.count
    print(
        f"{options.count:,} mails, {found['mails_a_second']:.0f} a second; memory "
        f"{found['rss_after_warm_up_mb']:.1f} MB after {WARM} mails, {found['rss_mb']:.1f} MB at "
        f"the end"
    )


def drain() -> None:
    """Fill the database and send everything, in this process; print what was measured."""
    import django
    import psutil

    django.setup()
    from django.db import connection

    from accounts.outbox import sending

    with connection.cursor() as cursor:
        cursor.execute(FILL, {"count": int(os.environ["BENCH_COUNT"])})
    process = psutil.Process()
    claim, sent, rss = sending.claim_next, 0, []

    def claim_and_measure(*channel: object) -> object:
        nonlocal sent
        sent += 1
        if sent % WARM == 0:
            rss.append(process.memory_info().rss / 1e6)
        return claim(*channel)  # type: ignore[arg-type]

    sending.claim_next = claim_and_measure  # type: ignore[assignment]
    begins = time.perf_counter()
    count = 0
    while done := sending.send_due().sent:
        count += done
    seconds = time.perf_counter() - begins
    print(
        json.dumps(
            {
                "mails_a_second": count / seconds,
                "rss_after_warm_up_mb": rss[0],
                "rss_mb": process.memory_info().rss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
