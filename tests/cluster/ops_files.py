"""The files of ops/cluster, changed for tests."""

import re

from bookmyshow.environment import ROOT

OPS = ROOT / "ops" / "cluster"


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with all changes (regular expressions), each of which must be found."""
    for pattern, here in changes.items():
        text, count = re.subn(pattern, lambda _, here=here: here, text)  # type: ignore[misc]
        assert count, pattern
    return text
