"""Says whether a change may have been committed although the database raised an error."""

from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from psycopg.errors import (
    DeadlockDetected,
    IdleInTransactionSessionTimeout,
    LockNotAvailable,
    QueryCanceled,
    ReadOnlySqlTransaction,
    TransactionTimeout,
)
from psycopg_pool import PoolTimeout

#: Retry-After while the database is down, in seconds.
RETRY_SECONDS = 2
#: Django raises these if the database is down, restarts or has no free connection, if a statement
#: or a wait for a lock takes too long, and for a deadlock.
AWAY = (OperationalError, InterfaceError)
#: The server accepts no writes any more (SQLSTATE 25006: it is a standby now, or will soon be one),
#: or it has ended the session because a transaction took too long. In psycopg these are no
#: OperationalErrors; `bookmyshow.core.db.base` raises them as such.
SERVER_LEFT = (ReadOnlySqlTransaction, IdleInTransactionSessionTimeout, TransactionTimeout)
#: Causes after which nothing was changed: there was no connection, or the server rolled the
#: transaction back.
NOTHING_DONE = (PoolTimeout, LockNotAvailable, DeadlockDetected, QueryCanceled, *SERVER_LEFT)


def may_be_done(request: HttpRequest, error: BaseException) -> bool:
    """Whether the request's change may have been committed although the database raised `error`.

    Every error on the way counts, not only the last. Django connects again after a lost COMMIT; if
    the server is still away, the last error is a PoolTimeout, which says nothing about the COMMIT.
    """
    return request.method not in {"GET", "HEAD"} and not all(
        isinstance(each.__cause__, NOTHING_DONE) for each in _errors_of_database(error)
    )


def _errors_of_database(error: BaseException | None) -> Iterator[BaseException]:
    """Those of AWAY among this error and the errors that were being handled when it was raised."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, AWAY):
            yield error
        error = error.__context__
