"""Says whether a change may have been committed although the database raised an error."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from psycopg_pool import PoolTimeout

#: Retry-After while the database is down, in seconds.
RETRY_SECONDS = 2
#: The database is down, restarting or has no free connection, or a statement timed out.
AWAY = (OperationalError, InterfaceError)
#: Causes after which nothing was changed: there was no connection, or the server rolled the
#: transaction back.
NOTHING_DONE = (PoolTimeout, LockNotAvailable, DeadlockDetected, QueryCanceled)


def may_be_done(request: HttpRequest, error: BaseException) -> bool:
    """Whether the change may have been committed although its answer was lost."""
    return request.method not in {"GET", "HEAD"} and not isinstance(error.__cause__, NOTHING_DONE)
