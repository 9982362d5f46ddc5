"""How far the replica is behind: for `doctor`, the health check and metrics."""

from typing import NamedTuple

from django.conf import settings
from django.db import connections

from .failures import AWAY
from .replicas import MOST_SECONDS_BEHIND, REPLICA, position_of_primary

STATE = """
    SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_insert_lsn() END - '0/0')::bigint,
           coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)
"""


class ReplicaState(NamedTuple):
    """`seconds` is the age of the last transaction that it has replayed, 0 if it has them all."""

    answers: bool
    bytes_behind: int = 0
    seconds: float = 0.0

    @property
    def is_behind(self) -> bool:
        """Whether it is so far behind that it is not used."""
        return self.seconds > MOST_SECONDS_BEHIND


def replica_state() -> ReplicaState | None:
    """None without a replica. Raises errors of `AWAY` if the primary is away."""
    if not settings.HAS_REPLICA:
        return None
    written = position_of_primary()
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(STATE)
            replayed, seconds = cursor.fetchone()
    except AWAY:
        return ReplicaState(answers=False)
    behind = max(written - int(replayed), 0)
    return ReplicaState(True, behind, float(seconds) if behind else 0.0)
