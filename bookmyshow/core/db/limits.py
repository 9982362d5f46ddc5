"""The limits of database connections, for Django's setting DATABASES.

Every wait has a limit. If a transaction hangs, requests that wait for it end with a clear error and
their threads are free again.
"""

from typing import Any

LOCK_TIMEOUT_MS = 4_000
# Ends a connection if sent data is not acknowledged for this long, for example because the network
# drops packets.
UNACKNOWLEDGED_MS = 3_000
# TCP keepalive: while a request waits for an answer, the kernel asks the server's host at this
# interval whether it is still there. If no answer comes for UNACKNOWLEDGED_MS, the connection ends.
# Without it, a request to a host that lost its power would wait for hours.
ALIVE_SECONDS = 3
# How long one of several hosts may take to accept a connection; then the next one is tried. A host
# without power does not even refuse. psycopg waits at least this long.
HOST_SECONDS = 2
# How long a request waits for a connection to the replica. Then the primary is read.
REPLICA_WAIT_SECONDS = 1
READ_ONLY = " -c default_transaction_read_only=on"


def databases(
    primary: dict[str, Any], replica: dict[str, Any] | None, **limits: Any
) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `limits` are the arguments of `with_limits`."""
    found = {"default": with_limits(primary, **limits)}
    if replica is not None:
        short = {**limits, "wait_seconds": REPLICA_WAIT_SECONDS}
        found["replica"] = {**with_limits(replica, **short), "TEST": {"MIRROR": "default"}}
        options = found["replica"]["OPTIONS"]
        if "options" in options:
            options["options"] += READ_ONLY
    return found


def with_limits(
    database: dict[str, Any], *, threads: int, wait_seconds: int, pgbouncer: str
) -> dict[str, Any]:
    """The settings of one database, with its pool and limits. Options that are there already stay.

    `threads`: connections of a process, one for each thread. `wait_seconds`: how long a request
    waits for one of them, and for a single server to accept a new one. `pgbouncer`: "" without
    it, "on", or "prepared" if it is version 1.22 or newer and keeps prepared statements.
    """
    several = "," in str(database.get("HOST", ""))
    options: dict[str, Any] = {
        "connect_timeout": HOST_SECONDS if several else max(wait_seconds, HOST_SECONDS),
        "tcp_user_timeout": UNACKNOWLEDGED_MS,
        "keepalives_idle": ALIVE_SECONDS,
        "keepalives_interval": 1,
        **database.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": threads, "timeout": wait_seconds},
    }
    for name in ("options", "prepare_threshold"):
        options.pop(name, None)
    # Behind PgBouncer each transaction may get another connection. So server-side cursors, which
    # last longer than a transaction, are off, and the limits are set on the role (docs/deploy.md).
    if not pgbouncer:
        options["options"] = (
            f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout=30s"
            " -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
            " -c plan_cache_mode=force_generic_plan"
        )
    if pgbouncer != "on":
        # A statement is prepared when it runs for the second time. Only statements that run through
        # `bookmyshow.core.db.prepared` are prepared.
        options["prepare_threshold"] = 1
    return {
        **database,
        "ENGINE": "bookmyshow.core.db",
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": bool(pgbouncer),
    }
