"""One writer at a time, in turn.

SQLite lets one transaction write. Others would wait by looking again after a pause, and under load
some would wait for seconds. All writers are threads of this process, so a lock is enough.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

_turn = threading.RLock()


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that may write. Committed, and safe from a ``kill -9``, when the block ends."""
    with _turn, transaction.atomic():
        yield
