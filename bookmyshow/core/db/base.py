"""Django's PostgreSQL backend with a FailFastPool.

It closes its connections to a server that accepts no writes any more. It raises an error for a
commit that should have been on a synchronous standby and is not. Django needs the module name
`base`.
"""

from types import TracebackType
from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, features
from django.db.models import Model
from django.db.utils import DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property
from psycopg import Connection
from psycopg.errors import Diagnostic

from .failures import SERVER_LEFT
from .pool import FailFastPool, HostOrder

#: The function of PostgreSQL that waits until a commit is on a synchronous standby.
WAITS_FOR_STANDBY = "SyncRepWaitForLSN"


class ErrorWrapper(DatabaseErrorWrapper):
    """Django's translation of psycopg's errors. After SERVER_LEFT the connection is discarded.

    Django would take these errors for bugs. They become an OperationalError, as if the connection
    had broken.
    """

    wrapper: "DatabaseWrapper"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, SERVER_LEFT):
            self.wrapper.leave_server()
            raise OperationalError(*error.args).with_traceback(trace) from error
        super().__exit__(kind, error, trace)


class DatabaseFeatures(features.DatabaseFeatures):
    def allows_group_by_selected_pks_on_model(self, model: type[Model]) -> bool:
        """Whether GROUP BY may name the id alone. Not if the primary key has the show as well."""
        return super().allows_group_by_selected_pks_on_model(model) and not hasattr(
            model, "belongs_to_show"
        )


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of Django to PostgreSQL, with our pool, errors and check of commits."""

    features_class = DatabaseFeatures

    @property
    def pool(self) -> FailFastPool | None:
        """The pool of this process, created at the first use. None if settings ask for no pool."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            pool = FailFastPool(
                # As in Django's own pool: Django sets the mode that it needs afterwards.
                kwargs=HostOrder({**self.get_connection_params(), "autocommit": True}),
                open=False,
                configure=self._configure_connection,
                check=self.settings_dict["CONN_HEALTH_CHECKS"],
                **options,
            )
            # If two threads come at the same time, only one pool is kept.
            pools.setdefault(self.alias, pool)
        found: FailFastPool = pools[self.alias]
        return found

    @cached_property
    def wrap_database_errors(self) -> ErrorWrapper:
        return ErrorWrapper(self)

    def leave_server(self) -> None:
        """Close this connection and the idle ones of the pool; all of them lead to that server.

        Connections that other threads use are closed when they come back to the pool.
        """
        if self.connection is not None:
            self.connection.close()
        if self.pool is not None:
            self.pool.drain()

    def _configure_connection(self, connection: Connection[Any]) -> bool:
        """Prepare a new connection. The pool calls this, and Django if there is no pool."""

        def note_commit_without_standby(notice: Diagnostic) -> None:
            if notice.source_function == WAITS_FOR_STANDBY:
                connection.commit_without_standby = True  # type: ignore[attr-defined]

        connection.add_notice_handler(note_commit_without_standby)
        return bool(super()._configure_connection(connection))  # type: ignore[misc]

    def _commit(self) -> None:
        """Commit. Raises OperationalError if no synchronous standby has confirmed the commit.

        If somebody cancels a COMMIT that waits for a standby, PostgreSQL answers with success and a
        warning. A failover may then lose what was committed, so nobody may be told that it is done.
        """
        super()._commit()  # type: ignore[misc]
        if self.connection is None:
            return
        if vars(self.connection).pop("commit_without_standby", False):
            raise OperationalError("the commit is on this server, but not on a standby")
