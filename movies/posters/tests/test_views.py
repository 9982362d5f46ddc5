import subprocess
import sys

from bookmyshow.environment import ROOT

# What a command does that checks the site, and a Celery worker that mails addresses.
LOAD = """
import sys

import django

django.setup()
from django.core.management import call_command
from django.urls import reverse

from bookmyshow.celery import app

app.loader.import_default_modules()
call_command("check")
reverse("posters:poster", args=["heat"])
print([name for name in sys.modules if name.startswith(("movies.posters.drawing", "resvg"))])
"""


def test_commands_and_celery_workers_load_no_drawing_code() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"
