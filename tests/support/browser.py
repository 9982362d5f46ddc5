"""Finds and starts a browser for the tests."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

# The first is Chromium without windows. It needs a quarter of the processor time of the others to
# open a browser context (a new visitor).
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# Features to disable. The first two are pages of the address bar, which Chromium would load for
# each new visitor. Chromium uses only the last list it is given, so this one repeats what the tests
# need of Playwright's own list.
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
    # The browser can reach only this machine. Playwright's route() could block requests too, but
    # it is slow and switches the browser's cache off.
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
    """Return the path in $CHROMIUM, else the system's browser, else Playwright's, else None."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the browser. If there is none, the test is skipped; if $CI is set, it fails."""
    return playwright.chromium.launch(**chromium_options(playwright))


def chromium_options(playwright: Playwright) -> dict[str, Any]:
    """How the browser is started. Skips the test, or fails, like `launch_chromium`."""
    path = find_chromium(playwright)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "args": [*ARGUMENTS, *sandbox]}
