"""Programs of the system that some tests need, and that Python's packages don't bring."""

import os
import shutil

import pytest

# Debian keeps nginx where an ordinary user's PATH doesn't look.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def need(*names: str) -> None:
    """Skip the test where one of these programs is missing; fail it where $CI is set."""
    missing = [name for name in names if shutil.which(name, path=PATH) is None]
    if not missing:
        return
    words = f"missing for this test: {', '.join(missing)} (.ci/run installs them on Debian)"
    if os.environ.get("CI"):
        pytest.fail(words, pytrace=False)
    pytest.skip(words)
