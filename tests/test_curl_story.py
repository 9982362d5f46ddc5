"""The story in docs/api.md, pasted into a shell."""

import json
import re
import subprocess

from bookings.models import Booking
from bookmyshow.environment import ROOT
from tests.factories import make_booking, make_show
from tests.live_site import LiveSite


def test_the_story_works_as_pasted(live_site: LiveSite, transactional_db: None) -> None:
    show = make_show()
    make_booking(show, ["A1"])
    story = "".join(re.findall(r"```sh\n(.*?)```", (ROOT / "docs/api.md").read_text(), re.S))
    assert story.count("\n") == 2
    site = live_site.url.removeprefix("http://")
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
