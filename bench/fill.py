"""``python -m bench.fill``: creates films and people in a migrated database.

Prints the people's ids, sessions and tokens as JSON.
"""

import json
import os
import sys
from dataclasses import asdict

import django

FILMS = 36_000


def main() -> None:
    django.setup()
    from bench.data import Filler

    filler = Filler(os.environ["DATABASE_URL"])
    filler.films(FILMS)
    json.dump(asdict(filler.people()), sys.stdout)


if __name__ == "__main__":
    main()
