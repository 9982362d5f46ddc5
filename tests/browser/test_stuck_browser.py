"""The browser of the tests, when Chromium does not close."""

import os
import signal
from contextlib import ExitStack

import pytest
from playwright.sync_api import Playwright

from tests.support.browser import Chromium, process_id


def test_a_browser_that_does_not_close_is_killed_and_the_next_visitor_gets_another(
    playwright: Playwright,
) -> None:
    chromium = Chromium(playwright, close_seconds=1)
    first = ExitStack()
    context = first.enter_context(chromium.context())
    assert context.browser
    stuck = process_id(context.browser)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.warns(UserWarning, match="did not close a context and was killed"):
        first.close()
    with chromium.context() as context:
        assert context.browser
        assert process_id(context.browser) != stuck
        page = context.new_page()
        page.set_content("<h1>Here again</h1>")
        assert page.get_by_role("heading").inner_text() == "Here again"
    chromium.end()
