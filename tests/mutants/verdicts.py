"""What a run of pytest proves about a mutant.

A mutant is caught if a test *failed*: its own body, or an assertion of a fixture after it (the page
had script errors, the books don't agree). An error in a set-up proves nothing: the test never came
to what it checks. Nor do other errors after a test, or a run that ended in another way.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree

# Other exit codes of pytest tell of wrong usage, no such test, or code that can't be loaded.
PASSED, FAILED = 0, 1
BEFORE, AFTER = "failed on setup with ", 'failed on teardown with "'
# Code that can't run fails every test, whatever that test asserts.
BROKEN = ("NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "ImportError")


class Verdict(Enum):
    """The words of the report; only CAUGHT is good."""

    CAUGHT = "caught"
    MISSED = "MISSED (its test passed)"
    SET_UP = "ERROR IN THE SET-UP (its test did not run)"
    NOTHING_PROVED = "NOTHING PROVED"


@dataclass(frozen=True)
class Finding:
    """A verdict, what decided it, and the test ("file::name") that did."""

    verdict: Verdict
    how: str
    test: str = ""


def find(code: int, report: Path, output: str) -> Finding:
    """Judge a run by pytest's exit code and its JUnit report; `output` tells what these don't."""
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "")
    nothing = Finding(Verdict.NOTHING_PROVED, f"pytest ended with {code}: {last}")
    if code not in {PASSED, FAILED} or not report.exists():
        return nothing
    found = [judge(case) for case in cases(report)]
    if code == PASSED:
        return next((one for one in found if one.verdict is Verdict.MISSED), nothing)
    problems = [one for one in found if one.how]
    return problems[0] if problems else nothing


def cases(report: Path) -> list[ElementTree.Element]:
    """The tests of a report. A test that failed and had an error after it is there twice."""
    # No stranger's XML: our own pytest wrote it a moment ago.
    return list(ElementTree.parse(report).iter("testcase"))


def judge(case: ElementTree.Element) -> Finding:
    """The verdict of one test of the report; `how` is empty if it passed or was skipped."""
    test = _node_id(case)
    problem = case.find("failure")
    if problem is None:
        problem = case.find("error")
    if problem is not None:
        message = problem.get("message", "")
        return Finding(_verdict(problem.tag, message), message, test)
    is_skipped = case.find("skipped") is not None
    return Finding(Verdict.NOTHING_PROVED if is_skipped else Verdict.MISSED, "", test)


def _verdict(tag: str, message: str) -> Verdict:
    if tag == "failure":
        return Verdict.NOTHING_PROVED if message.startswith(BROKEN) else Verdict.CAUGHT
    if message.startswith(BEFORE):
        return Verdict.SET_UP
    reason = message.removeprefix(AFTER)
    is_assertion = reason != message and reason.startswith(("assert ", "AssertionError"))
    return Verdict.CAUGHT if is_assertion else Verdict.NOTHING_PROVED


def _node_id(case: ElementTree.Element) -> str:
    """What pytest takes as an argument: file::class::name."""
    file = case.get("file", "")
    module = file.removesuffix(".py").replace("/", ".")
    classes = case.get("classname", "").removeprefix(module).strip(".")
    return "::".join(part for part in (file, *classes.split("."), case.get("name", "")) if part)
