"""Pytest plugin: the experiments that this machine can't run are named at the end of the run."""

import pytest

NOT_RUN = "CLUSTER EXPERIMENTS NOT RUN"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason why experiments were skipped, as a section of its own."""
    skipped = terminalreporter.stats.get("skipped", [])
    texts = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    reasons = {text.removeprefix("Skipped: ") for text in texts if NOT_RUN in text}
    for reason in sorted(reasons):
        terminalreporter.section(reason, sep="!", red=True, bold=True)
