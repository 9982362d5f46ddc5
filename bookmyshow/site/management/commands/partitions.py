from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from bookmyshow.core.db import partitions
from bookmyshow.core.db.partitions import Partition, PartitionedTable, PartitionInUse
from bookmyshow.core.time import database_now


class Command(BaseCommand):
    help = (
        "The tables that are partitioned by date: messages by month, archived shows and bookings "
        "by quarter. Without an action, lists the partitions. `make` makes those of the coming "
        "months, as a nightly task does. `detach --before 2026-01-01` makes partitions that end "
        "by that day tables of their own: the site does not read them any more, and their rows are "
        "kept until you drop them (--drop) or save them elsewhere (pg_dump --table)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=["list", "make", "detach"], default="list")
        names = [table.name for table in partitions.tables()]
        parser.add_argument("--table", choices=names, help="only this table")
        parser.add_argument(
            "--before", type=day, help="detach what ends by this day, as 2026-01-01"
        )
        parser.add_argument("--drop", action="store_true", help="delete what was detached")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be detached"
        )

    def handle(self, *, action: str, table: str | None, **options: Any) -> None:
        if action == "detach" and not options["before"]:
            raise CommandError("detach needs --before, for example --before 2026-01-01.")
        for each in partitions.tables():
            if table in (None, each.name):
                self._run(action, each, options)

    def _run(self, action: str, table: PartitionedTable, options: dict[str, Any]) -> None:
        if action == "list":
            for partition in partitions.partitions(table):
                self.stdout.write(_line(partition))
        elif action == "make":
            for name in partitions.make_ahead(table, database_now()):
                self.stdout.write(f"made {name}")
        else:
            for partition in partitions.partitions(table):
                if partition.end and partition.end <= options["before"]:
                    self._detach(table, partition, options)

    def _detach(
        self, table: PartitionedTable, partition: Partition, options: dict[str, Any]
    ) -> None:
        if options["dry_run"]:
            warning = f". {table.warning}" if table.warning else ""
            self.stdout.write(f"would detach {_line(partition)}{warning}")
            return
        try:
            partitions.detach(table, partition)
        except PartitionInUse as reason:
            self.stderr.write(str(reason))
            return
        if options["drop"]:
            partitions.drop(partition.name)
        self.stdout.write(f"{'dropped' if options['drop'] else 'detached'} {partition.name}")
        if table.warning and not options["drop"]:
            self.stdout.write(f"  {table.warning}")


def day(text: str) -> datetime:
    """The beginning of a day in UTC, from 2026-01-01. Raises ValueError, which argparse tells."""
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _line(partition: Partition) -> str:
    size = filesizeformat(partition.size).replace("\xa0", " ")
    if partition.end is None:
        return f"{partition.name}: rows of a time without a partition, {size}"
    start = f"{partition.start:%Y-%m-%d}" if partition.start else "the beginning"
    return (
        f"{partition.name}: from {start} to {partition.end:%Y-%m-%d},"
        f" about {partition.rows:,} rows, {size}"
    )
