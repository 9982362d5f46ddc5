"""The backend of settings.DATABASES; Django looks for a module of this name."""

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from .pool import FailFastPool


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> FailFastPool | None:
        """This process's connections, opened by the first that needs one; None without a pool."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            pool = FailFastPool(
                # Django sets it afterwards.
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]
                check=self.settings_dict["CONN_HEALTH_CHECKS"],
                **options,
            )
            # Of two threads that come at once, one makes the pool.
            pools.setdefault(self.alias, pool)
        found: FailFastPool = pools[self.alias]
        return found
