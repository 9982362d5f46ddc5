"""Finds and starts a browser for the tests."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

# The first is Chromium without windows: a new visitor costs it a quarter of the processor time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# Two pages of the address bar that Chromium would load for each new visitor. Its last list counts,
# so those of Playwright's list that matter to a test are here too.
WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)
ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # The browser can reach only this machine. (Playwright's route() could block requests too, but
    # it would switch the browser's cache off and be slow.)
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    f"--disable-features={','.join(WITHOUT)}",
]
# The longest time that a test waits for something on a page, for busy machines.
PATIENCE_MS = 60_000
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
