"""How the messages are partitioned: by the month in which they were written."""

from django.db.backends.utils import CursorWrapper

from bookmyshow.core.db.partitions import PartitionedTable

# Messages about a show are deleted when the show is archived. Those that were given up wait for
# staff.
STILL_NEEDED = """
    show IS NOT NULL OR given_up_at IS NOT NULL OR num_nonnulls(sent_at, dropped_at, handled_at) = 0
"""


def forget_keys(cursor: CursorWrapper, detached: str) -> None:
    """Delete the keys of the messages in a table that was a partition."""
    cursor.execute(f"DELETE FROM outbox_messagekey k USING {detached} m WHERE k.key = m.key")


MESSAGES = PartitionedTable(
    "outbox_message",
    "created_at",
    still_needed=STILL_NEEDED,
    why="messages that wait, were given up, or are about a show that is not archived",
    after_detach=forget_keys,
)
