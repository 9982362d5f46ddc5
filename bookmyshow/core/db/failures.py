"""Says whether a change may have been committed although the database raised an error."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from psycopg_pool import PoolTimeout

#: Retry-After while the database is down, in seconds.
RETRY_SECONDS = 2
#: Django raises these if the database is down, restarts or has no free connection, if a statement
#: or a wait for a lock takes too long, and for a deadlock.
AWAY = (OperationalError, InterfaceError)
#: Causes after which nothing was changed: there was no connection, or the server rolled the
#: transaction back.
NOTHING_DONE = (PoolTimeout, LockNotAvailable, DeadlockDetected, QueryCanceled)


def may_be_done(request: HttpRequest, error: BaseException) -> bool:
    """Whether the request's change may have been committed although the database raised `error`."""
    return request.method not in {"GET", "HEAD"} and not isinstance(error.__cause__, NOTHING_DONE)
