from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from movies.catalogue.format import Record, Remark, Skipped, UnreadableCatalogue, read_catalogue
from movies.catalogue.importing import import_films


class Command(BaseCommand):
    help = (
        "Import films from a catalogue: a JSON array of objects with title, year, cast, genres, "
        "href and extract. A second run updates films and makes no duplicates. Texts, casts and "
        "genres that staff have changed are kept and listed. Records that can't be used are "
        "listed by their index in the array, from 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the catalogue, UTF-8 JSON")
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would be done, change nothing"
        )
        parser.add_argument(
            "--overwrite", action="store_true", help="also replace values that staff have changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entries = read_catalogue(options["file"])
        except UnreadableCatalogue as error:
            raise CommandError(str(error)) from error
        records = [entry for entry in entries if isinstance(entry, Record)]
        remarks = [entry for entry in entries if isinstance(entry, Remark)]
        skipped = sum(isinstance(remark, Skipped) for remark in remarks)
        with tqdm(total=len(records), unit="film") as bar:
            imported = import_films(
                records,
                dry_run=options["dry_run"],
                overwrite=options["overwrite"],
                progress=bar.update,
            )
        for remark in remarks:
            self.stdout.write(f"{'Skipped' if isinstance(remark, Skipped) else 'Note'} {remark}")
        for title, fields in imported.kept:
            self.stdout.write(f"Kept {title}: {' and '.join(fields)} as staff have changed it")
        self.stdout.write(
            self.style.SUCCESS(
                f"{'Would be: ' if options['dry_run'] else ''}{imported.created:,} created,"
                f" {imported.updated:,} updated, {imported.unchanged:,} unchanged,"
                f" {skipped:,} skipped."
            )
        )
