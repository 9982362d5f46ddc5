"""The rights of the programs of `make run` if root starts it."""

import os
import subprocess
from pathlib import Path

import pytest

from bookmyshow.serving import unprivileged

TRIES = """
id -u
echo kept > "$1/writable/kept" && cat "$1/writable/kept"
echo refused > "$1/refused" || echo refused
python3 -c 'import os, sys; print(os.access(sys.argv[1] + "/writable", os.W_OK))' "$1"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="is about programs that root starts")
def test_a_program_writes_to_its_own_folders_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder belongs to root, like a checkout in /root."""
    monkeypatch.setenv("HOME", os.environ["HOME"])  # The launcher changes it.
    tmp_path.chmod(0o700)
    start = unprivileged.launcher([tmp_path / "writable"])
    if not start:
        pytest.skip("this container doesn't grant the right to read closed folders")
    command = [*start, "/bin/sh", "-c", TRIES, "sh", str(tmp_path)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True)
    user, *told = done.stdout.splitlines()
    assert user != "0"
    assert told == ["kept", "refused", "True"], done.stderr
