"""Finds and starts a browser for the tests."""

import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright

# Chromium without windows. It needs a quarter of the processor time of the others to open a browser
# context (a new visitor). It has no notifications.
WITHOUT_WINDOWS = "chromium-headless-shell"
WITH_WINDOWS = (
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
# The longest time that Chromium may take to close a context or itself.
CLOSE_SECONDS = 60.0
MISSING = (
    "no browser for the browser tests: apt-get install chromium chromium-headless-shell,"
    " or playwright install chromium, or CHROMIUM=/path/to/chrome"
)


class Chromium:
    """The browser of a test process.

    Chromium sometimes never answers when it is told to close a context. Then it is killed, and the
    next context belongs to a new browser. `notifications`: start the Chromium that can show
    notifications. It is slower.
    """

    def __init__(
        self,
        playwright: Playwright,
        close_seconds: float = CLOSE_SECONDS,
        *,
        notifications: bool = False,
    ) -> None:
        self._playwright, self._close_seconds = playwright, close_seconds
        self._notifications = notifications
        self._browser: Browser | None = None
        self._process_id = 0

    @contextmanager
    def context(self, **options: Any) -> Iterator[BrowserContext]:
        """Open a context, which has its own cookies, and close it at the end of the block.

        `options` are those of Playwright's `new_context`.
        """
        context = self._running().new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        try:
            yield context
        finally:
            self._close(context)

    def end(self) -> None:
        if self._browser is not None:
            self._close(self._browser)

    def _running(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._browser = launch_chromium(self._playwright, notifications=self._notifications)
            self._process_id = process_id(self._browser)
        return self._browser

    def _close(self, part: Browser | BrowserContext) -> None:
        assert self._browser is not None
        if not self._browser.is_connected():
            return
        killer = Timer(self._close_seconds, os.kill, (self._process_id, signal.SIGKILL))
        killer.start()
        try:
            part.close()
        except Error:
            if self._browser.is_connected():
                raise
            warnings.warn("Chromium did not close a context and was killed", stacklevel=2)
        finally:
            killer.cancel()


def process_id(browser: Browser) -> int:
    """Return the id of the browser's main process."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return next(int(process["id"]) for process in processes if process["type"] == "browser")


def find_chromium(playwright: Playwright, *, notifications: bool = False) -> str | None:
    """Return the path in $CHROMIUM, else the system's browser, else Playwright's, else None."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in WITH_WINDOWS if notifications else (WITHOUT_WINDOWS, *WITH_WINDOWS):
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def launch_chromium(playwright: Playwright, *, notifications: bool = False) -> Browser:
    """Start the browser. If there is none, the test is skipped; if $CI is set, it fails."""
    options = chromium_options(playwright, notifications=notifications)
    return playwright.chromium.launch(**options)


def chromium_options(playwright: Playwright, *, notifications: bool = False) -> dict[str, Any]:
    """How the browser is started. Skips the test, or fails, like `launch_chromium`."""
    path = find_chromium(playwright, notifications=notifications)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "args": [*ARGUMENTS, *sandbox]}
