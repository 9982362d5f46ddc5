"""Runs all mutants, or those whose name contains NAME: ``python -m tests.mutants [NAME]``.

The exit code is 1 if a mutant survives (its test does not fail), or if its text is not in the code
exactly once. It takes minutes, so it is not part of the test run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, ROOT, Mutant

LIMIT_SECONDS = 600


def run(mutant: Mutant) -> tuple[bool, str]:
    """Whether the test failed on the mutant, and the line with the error."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in names:
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        source = copy / mutant.path
        text = source.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            return False, f"{mutant.path} has {text.count(mutant.old)} times {mutant.old!r}"
        source.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", mutant.test],
            cwd=copy,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        # 1 means that tests ran and failed. Other codes (no such test, a usage error) prove
        # nothing.
        said = [line for line in result.stdout.splitlines() if "Error" in line]
        return result.returncode == 1, (said or result.stdout.splitlines() or [""])[0][-160:]


def main() -> int:
    """Run the mutants whose name contains the argument, or all of them."""
    part = " ".join(sys.argv[1:])
    survivors = 0
    for mutant in MUTANTS:
        if part not in mutant.name:
            continue
        start = time.monotonic()
        caught, how = run(mutant)
        survivors += not caught
        seconds = time.monotonic() - start
        print(f"{'caught' if caught else 'MISSED'}  {mutant.name} ({seconds:.0f} s)\n        {how}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
