"""What all browser tests share."""

import pytest
from pytest_django import Settings

from tests.support.deployed_site import HOLD_MINUTES


@pytest.fixture(autouse=True)
def long_holds(settings: Settings) -> None:
    """Holds that a test makes in its own process last as long as those of the deployed site."""
    settings.BOOKING_EXPIRY_MINUTES = HOLD_MINUTES
