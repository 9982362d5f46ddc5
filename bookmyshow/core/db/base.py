"""Django's PostgreSQL backend with a FailFastPool. Django needs the module name `base`."""

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from .pool import FailFastPool


class DatabaseWrapper(base.DatabaseWrapper):
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
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]
                check=self.settings_dict["CONN_HEALTH_CHECKS"],
                **options,
            )
            # If two threads come at the same time, only one pool is kept.
            pools.setdefault(self.alias, pool)
        found: FailFastPool = pools[self.alias]
        return found
