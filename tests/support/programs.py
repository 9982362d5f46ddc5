"""Programs of the system that some tests need."""

import os
import shutil

import pytest

# On Debian nginx is in /usr/sbin, which is not in an ordinary user's PATH.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def need(*names: str) -> None:
    """Skip the test if one of these programs is missing; fail it if $CI is set."""
    missing = [name for name in names if shutil.which(name, path=PATH) is None]
    if not missing:
        return
    words = f"missing for this test: {', '.join(missing)} (.ci/run installs them on Debian)"
    if os.environ.get("CI"):
        pytest.fail(words, pytrace=False)
    pytest.skip(words)
