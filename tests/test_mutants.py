"""Each mutant can be applied, and the test that must notice it exists. Running them takes minutes:
`python -m tests.mutants`. What their runner counts as caught is tested here on tests that end in
every way."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS, ROOT, Mutant
from tests.mutants.verdicts import Verdict, cases, find, judge

ENDINGS = """
import pytest

@pytest.fixture
def broken():
    assert False, "before the test"

@pytest.fixture
def checked():
    yield
    assert [] == ["a script error"]

@pytest.fixture
def breaks_later():
    yield
    raise OSError("the server was gone")

class TestAll:
    def test_fails(self): assert 1 == 2
    def test_raises(self): raise KeyError("no such seat")
    def test_passes(self): pass
    def test_is_skipped(self): pytest.skip("no browser")
    def test_has_an_error_in_its_set_up(self, broken): pass
    def test_finds_something_at_its_end(self, checked): pass
    def test_has_an_error_at_its_end(self, breaks_later): pass
    def test_is_broken_code(self): no_such_name
"""
MEANT = {
    "fails": Verdict.CAUGHT,
    "raises": Verdict.CAUGHT,
    "passes": Verdict.MISSED,
    "is_skipped": Verdict.NOTHING_PROVED,
    "has_an_error_in_its_set_up": Verdict.SET_UP,
    "finds_something_at_its_end": Verdict.CAUGHT,
    "has_an_error_at_its_end": Verdict.NOTHING_PROVED,
    "is_broken_code": Verdict.NOTHING_PROVED,
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_to_replace_is_there_once_and_so_is_the_test(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    path, *names = mutant.test.split("::")
    tests = (ROOT / path).read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"(def|class) {name}\b", tests)] == []


def test_only_a_test_that_fails_catches_a_mutant(tmp_path: Path) -> None:
    (tmp_path / "test_endings.py").write_text(ENDINGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
    report = tmp_path / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", f"--junitxml={report}"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    found = {finding.test: finding.verdict for finding in map(judge, cases(report))}
    assert found == {f"test_endings.py::TestAll::test_{name}": MEANT[name] for name in MEANT}

    whole = find(1, report, "")
    assert (whole.verdict, whole.how) == (Verdict.CAUGHT, "assert 1 == 2")
    assert find(0, report, "").verdict is Verdict.MISSED
    for usage_or_no_test in (2, 4, 5):
        assert find(usage_or_no_test, report, "").verdict is Verdict.NOTHING_PROVED
