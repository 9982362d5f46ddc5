"""Bounded waits for locks, with an error that says what was busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import LockNotAvailable


@contextmanager
def lock_timeout_raises(busy: type[Exception]) -> Iterator[None]:
    """Raise `busy` if a wait for a lock takes longer than `lock_timeout` (settings.DATABASES).

    Put it around the transaction, not inside, so that nothing was changed when `busy` is raised:

        with lock_timeout_raises(ShowBusy), transaction.atomic():
            show = Show.objects.select_for_update(no_key=True).get(pk=show_id)
    """
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise busy from error
        raise
