"""What a database error says about the change that was asked for."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from psycopg_pool import PoolTimeout

#: What Retry-After says, in seconds, while the database is away.
RETRY_SECONDS = 2
#: The database is away, restarting or full, or a wait in it ran out.
AWAY = (OperationalError, InterfaceError)
#: Of those, the ones after which nothing was changed: there was no connection, or the server rolled
#: the transaction back.
NOTHING_DONE = (PoolTimeout, LockNotAvailable, DeadlockDetected, QueryCanceled)


def may_be_done(request: HttpRequest, error: BaseException) -> bool:
    """Whether the change may have been committed although its answer was lost."""
    return request.method not in {"GET", "HEAD"} and not isinstance(error.__cause__, NOTHING_DONE)
