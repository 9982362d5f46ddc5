"""Finding and starting a browser for the tests."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MISSING = (
    "no browser for the browser tests: apt-get install chromium, or playwright install chromium,"
    " or CHROMIUM=/path/to/chrome"
)


def find_chromium(playwright: Playwright) -> str | None:
    """Return $CHROMIUM, else the system's, else the one Playwright downloaded, else None."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the browser. Without one the test is skipped, or fails where $CI is set."""
    path = find_chromium(playwright)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *sandbox])
