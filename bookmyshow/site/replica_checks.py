"""The check of `doctor` about the replica of the database."""

from django.db import DatabaseError

from bookmyshow.core.db.replica_state import replica_state

from .findings import Finding


def replica() -> Finding:
    """Whether the replica of DATABASE_REPLICA_URL answers, and how far it is behind."""
    try:
        state = replica_state()
    except DatabaseError:
        return Finding("replica", "not known without the database", "See above.", True)
    if state is None:
        return Finding("replica", "none (DATABASE_REPLICA_URL is not set)")
    if not state.answers:
        advice = "Is the standby running, and is DATABASE_REPLICA_URL right? The primary answers."
        return Finding("replica", "does not answer", advice, True)
    words = f"is {state.seconds:.0f} s and {state.bytes_behind / 1e6:.1f} MB behind"
    if state.is_behind:
        return Finding("replica", words, "See pg_stat_replication on the primary.", True)
    return Finding("replica", f"answers; {words}")
