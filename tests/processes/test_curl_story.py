"""The two API commands of README and docs/api.md work when they are pasted into a shell."""

import json
import re
import subprocess

import pytest

from bookings.models import Booking
from bookmyshow.environment import ROOT
from tests.support import programs
from tests.support.deployed_site import DeployedSite
from tests.support.factories import make_booking, make_show


def shell_of(text: str) -> str:
    return "".join(re.findall(r"```sh\n(.*?)```", text, re.S))


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_the_story_works_as_pasted(
    page: str, deployed_site: DeployedSite, transactional_db: None
) -> None:
    programs.need("curl")
    show = make_show()
    make_booking(show, ["A1"])
    text = (ROOT / page).read_text()
    if page == "README.md":
        text = text.partition("## The API in two lines")[2].partition("## ")[0]
    story = shell_of(text)
    assert story.count("\n") == 2
    site = deployed_site.url.removeprefix("http://")
    pasted = subprocess.run(
        ["bash", "-eu", "-c", story.replace("localhost:8000", site)],
        capture_output=True,
        text=True,
        check=True,
    )
    booking = json.loads(pasted.stdout)["data"]
    assert booking["status"] == "CONFIRMED"
    found = Booking.objects.get(pk=booking["id"])
    assert (found.show, found.status, found.seats) == (show, "CONFIRMED", ["A2"])
