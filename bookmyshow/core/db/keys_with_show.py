"""Puts the show into the keys of large tables while tickets are sold; for migrations.

Every function looks at what is done already, so a migration that was stopped, for example by a
lock that stayed busy, is simply run again. It must have `atomic = False`. What is locked:

- Indexes are built CONCURRENTLY, foreign keys are checked by VALIDATE CONSTRAINT: nobody waits.
- Rows get their `show_id` in batches of BATCH, each a short transaction.
- New columns, triggers and constraints (NOT VALID at first), and the swap of an old key for the new
  one, which is there already, lock their table against everybody: some milliseconds each. They wait
  for the lock 4 s at most (`lock_timeout`), so that buyers don't queue up behind them. Then the
  migration fails.

So at every moment the old or the new constraint holds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.apps.registry import Apps
from django.db import transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper

BATCH = 2_000


class ShowOf(NamedTuple):
    """A table that gets a column `show_id`: the show of the row that its column `link` names."""

    table: str
    link: str
    parent: str
    #: A trigger that refuses changes of rows. While a batch is filled it is disabled, and the lock
    #: of ALTER TABLE keeps out all other writers.
    frozen_by: str = ""
    #: Rows without a `link` have no show.
    optional: bool = False


class Key(NamedTuple):
    """A unique index, and its columns before and after the migration."""

    table: str
    name: str
    before: Sequence[str]
    after: Sequence[str]
    where: str = ""


class Link(NamedTuple):
    """A foreign key that becomes composite: (show_id, column) names (show_id, id) of `target`."""

    table: str
    column: str
    target: str


class KeysWithShow(NamedTuple):
    """A change of keys, for `migrations.RunPython(keys.apply, keys.undo)`."""

    shows: Sequence[ShowOf]
    keys: Sequence[Key]
    links: Sequence[Link]

    def apply(self, apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        """Add the columns, then build the new keys and foreign keys, then swap the keys."""
        with _limits(editor) as cursor:
            for row in self.shows:
                _add_show(cursor, row)
            for key in self.keys:
                _build(cursor, key, key.after)
            for link in self.links:
                _link(cursor, link, ("show_id", link.column), "(show_id, id)")
            for key in self.keys:
                _swap(cursor, key, key.after)

    def undo(self, apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        """The way back: the old keys and foreign keys, then without the columns."""
        with _limits(editor) as cursor:
            for key in self.keys:
                _build(cursor, key, key.before)
            for link in self.links:
                _link(cursor, link, (link.column,), "(id)")
            for key in self.keys:
                _swap(cursor, key, key.before)
            for row in self.shows:
                cursor.execute(f"DROP TRIGGER IF EXISTS fill_show_id ON {row.table}")
                cursor.execute(f"ALTER TABLE {row.table} DROP COLUMN IF EXISTS show_id")


@contextmanager
def _limits(editor: BaseDatabaseSchemaEditor) -> Iterator[CursorWrapper]:
    """No limit for statements, because a build may take long; 4 s for locks (`_patiently`)."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = '4s'")
        try:
            yield cursor
        finally:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")


def _patiently(cursor: CursorWrapper, statement: str) -> None:
    """Run a statement without a limit for its lock: it blocks nobody, waiting or running."""
    cursor.execute("SET lock_timeout = 0")
    cursor.execute(statement)
    cursor.execute("SET lock_timeout = '4s'")


# While the earlier release still runs, it writes rows without a show: the trigger fills it in. A
# later release drops the triggers.
FILL_FUNCTION = """
    CREATE OR REPLACE FUNCTION fill_show_id() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('SELECT show_id FROM %%I WHERE id = $1', TG_ARGV[0]) INTO NEW.show_id
            USING (to_jsonb(NEW) ->> TG_ARGV[1])::bigint;
        RETURN NEW;
    END $$
"""


def _add_show(cursor: CursorWrapper, row: ShowOf) -> None:
    cursor.execute(f"ALTER TABLE {row.table} ADD COLUMN IF NOT EXISTS show_id bigint")
    cursor.execute(FILL_FUNCTION, [])
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER fill_show_id BEFORE INSERT OR UPDATE OF {row.link}"
        f" ON {row.table} FOR EACH ROW"
        f" WHEN (NEW.show_id IS NULL AND NEW.{row.link} IS NOT NULL)"
        f" EXECUTE FUNCTION fill_show_id('{row.parent}', '{row.link}')"
    )
    cursor.execute(f"SELECT coalesce(max(id), 0) FROM {row.table}")
    (last,) = cursor.fetchone()
    for first in range(0, last + 1, BATCH):
        with transaction.atomic():
            if row.frozen_by:
                cursor.execute(f"ALTER TABLE {row.table} DISABLE TRIGGER {row.frozen_by}")
            cursor.execute(
                f"UPDATE {row.table} t SET show_id = p.show_id FROM {row.parent} p"
                f" WHERE p.id = t.{row.link} AND t.id BETWEEN %s AND %s AND t.show_id IS NULL",
                [first, first + BATCH - 1],
            )
            if row.frozen_by:
                cursor.execute(f"ALTER TABLE {row.table} ENABLE TRIGGER {row.frozen_by}")
    _require_show(cursor, row)


def _require_show(cursor: CursorWrapper, row: ShowOf) -> None:
    """Add NOT NULL without a scan under a lock. For an optional link: a check for rows with one."""
    name = f"{row.table}_show_known"
    rule = f"{row.link} IS NULL OR show_id IS NOT NULL" if row.optional else "show_id IS NOT NULL"
    cursor.execute(f"ALTER TABLE {row.table} DROP CONSTRAINT IF EXISTS {name}")
    cursor.execute(f"ALTER TABLE {row.table} ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    _patiently(cursor, f"ALTER TABLE {row.table} VALIDATE CONSTRAINT {name}")
    if not row.optional:
        cursor.execute(f"ALTER TABLE {row.table} ALTER COLUMN show_id SET NOT NULL")
        cursor.execute(f"ALTER TABLE {row.table} DROP CONSTRAINT {name}")


def _columns(cursor: CursorWrapper, index: str) -> tuple[str, ...] | None:
    """The columns of a valid index. None if there is no such index, or an invalid one."""
    cursor.execute(
        "SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a"
        " JOIN pg_index i ON i.indexrelid = a.attrelid AND i.indisvalid"
        " WHERE a.attrelid = to_regclass(%s)",
        [index],
    )
    (names,) = cursor.fetchone()
    return tuple(names) if names else None


def _build(cursor: CursorWrapper, key: Key, columns: Sequence[str]) -> None:
    new = f"{key.name}_new"
    if tuple(columns) in {_columns(cursor, key.name), _columns(cursor, new)}:
        return
    where = f" WHERE {key.where}" if key.where else ""
    # A build that was killed leaves an invalid index.
    _patiently(cursor, f"DROP INDEX CONCURRENTLY IF EXISTS {new}")
    _patiently(
        cursor,
        f"CREATE UNIQUE INDEX CONCURRENTLY {new} ON {key.table} ({', '.join(columns)}){where}",
    )


def _swap(cursor: CursorWrapper, key: Key, columns: Sequence[str]) -> None:
    if _columns(cursor, key.name) == tuple(columns):
        return
    cursor.execute("SELECT contype FROM pg_constraint WHERE conname = %s", [key.name])
    found = cursor.fetchone()
    with transaction.atomic():
        if found is None:
            cursor.execute(f"DROP INDEX {key.name}")
            cursor.execute(f"ALTER INDEX {key.name}_new RENAME TO {key.name}")
            return
        kind = "PRIMARY KEY" if found[0] == "p" else "UNIQUE"
        cursor.execute(
            f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name},"
            f" ADD CONSTRAINT {key.name} {kind} USING INDEX {key.name}_new"
        )


def _link(cursor: CursorWrapper, link: Link, columns: Sequence[str], target: str) -> None:
    """Give `link.column` a foreign key with these columns, then drop its other foreign keys."""
    name = f"{link.table}_{link.column}_{'in_show' if len(columns) > 1 else 'fk'}"
    cursor.execute(
        "SELECT conname, convalidated FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = %s::regclass AND confrelid = %s::regclass"
        "   AND (SELECT attnum FROM pg_attribute"
        "        WHERE attrelid = conrelid AND attname = %s) = ANY (conkey)",
        [link.table, link.target, link.column],
    )
    found = dict(cursor.fetchall())
    if name not in found:
        cursor.execute(
            f"ALTER TABLE {link.table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(columns)})"
            f" REFERENCES {link.target} {target} DEFERRABLE INITIALLY DEFERRED NOT VALID"
        )
    if not found.pop(name, False):
        _patiently(cursor, f"ALTER TABLE {link.table} VALIDATE CONSTRAINT {name}")
    for old in found:
        cursor.execute(f'ALTER TABLE {link.table} DROP CONSTRAINT "{old}"')
