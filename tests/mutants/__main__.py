"""Runs all mutants, or those whose name contains a NAME: ``python -m tests.mutants [NAME …]``.

Each mutant gets a verdict (tests/mutants/verdicts.py). The exit code is 1 unless all are caught,
and the others are named again at the end. It takes minutes, so it is not part of the test run.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, ROOT, Mutant
from tests.mutants.verdicts import Finding, Verdict, find

LIMIT_SECONDS = 600
# Enough of the random stories to see that a test passes without a mutant.
FEW_STORIES = {"STATE_MACHINE_EXAMPLES": "5"}


def run(mutant: Mutant) -> Finding:
    """The mutant's verdict: its test runs with the replaced text, and then without it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_project(Path(folder))
        source = copy / mutant.path
        text = source.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            how = f"{mutant.path} has {text.count(mutant.old)} times {mutant.old!r}"
            return Finding(Verdict.NOTHING_PROVED, how)
        source.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        found = run_test(copy, mutant.test)
    if found.verdict is Verdict.CAUGHT and not passes_unchanged(found.test):
        return Finding(Verdict.NOTHING_PROVED, f"fails without the mutant too: {found.test}")
    return found


@cache
def passes_unchanged(test: str) -> bool:
    """Whether a test passes in a copy in which nothing is replaced. Asked once for each test."""
    with tempfile.TemporaryDirectory() as folder:
        return run_test(copy_project(Path(folder)), test, FEW_STORIES).verdict is Verdict.MISSED


def copy_project(folder: Path) -> Path:
    """Copy the files that git knows, and new ones that it doesn't ignore."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    copy = folder / "project"
    for name in names.splitlines():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return copy


def run_test(copy: Path, test: str, settings: Mapping[str, str] = {}) -> Finding:
    """Run the test in the copy, up to its first failure. A hang ends with all its processes."""
    report = copy.parent / "report.xml"
    # The older form of the report names the test's file.
    xml = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
    with (copy.parent / "output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", *xml, test],
            cwd=copy,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return Finding(Verdict.NOTHING_PROVED, f"no end within {LIMIT_SECONDS} s", test)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return find(code, report, output.read())


def main() -> int:
    """Run the mutants whose name contains one of the arguments, or all of them."""
    # So that a run that is ended ends the test too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parts = sys.argv[1:] or [""]
    chosen = [mutant for mutant in MUTANTS if any(part in mutant.name for part in parts)]
    not_caught = []
    for mutant in chosen:
        start = time.monotonic()
        found = run(mutant)
        seconds = time.monotonic() - start
        print(f"{found.verdict.value}  {mutant.name} ({seconds:.0f} s)", flush=True)
        print(f"        {found.test}\n        {' '.join(found.how.split())[:160]}", flush=True)
        if found.verdict is not Verdict.CAUGHT:
            not_caught.append(f"{found.verdict.value}  {mutant.name}")
    print(f"\n{len(chosen) - len(not_caught)} of {len(chosen)} caught", *not_caught, sep="\n")
    return 1 if not_caught or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
