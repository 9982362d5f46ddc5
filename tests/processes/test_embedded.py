"""The embedded servers: started, joined and killed.

Each test has a checkout: a copy of the package in its own folder. Tests find the processes of a
checkout by its folder and wait for them.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from bookmyshow.environment import ROOT

PROVIDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "JWT_SECRET")
KEPT_OUT = (*PROVIDED, "TICKET_KEY", "TICKET_KEY_FALLBACKS")
PRINT_ENVIRONMENT = (
    f"import os; print(*(os.environ.get(n, '') for n in {PROVIDED!r}), sep='\\n', flush=True)"
)
# Prints its settings, and runs until its input is closed.
STAY = f"{PRINT_ENVIRONMENT}; import sys; sys.stdin.read()"


class Member:
    """A running ``python -m bookmyshow.embedded`` with a command that runs until `leave`."""

    def __init__(self, checkout: "Checkout", *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*checkout.embedded(*options), sys.executable, "-c", STAY],
            cwd=checkout.root,
            env=checkout.environment(**environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline().strip() for _ in PROVIDED]
        self.database, self.redis, self.secret_key, self.jwt_secret = lines

    def leave(self) -> int:
        """Let the command end; returns the exit code."""
        self.process.communicate(timeout=180)
        return self.process.returncode


class Checkout:
    """A folder with a copy of the embedded servers' code."""

    def __init__(self, root: Path) -> None:
        self.root = root
        package = root / "bookmyshow"
        for name in ("embedded", "serving"):
            shutil.copytree(ROOT / "bookmyshow" / name, package / name)
        (package / "__init__.py").touch()

    def embedded(self, *options: str) -> list[str]:
        """Return the command line before the command."""
        return [sys.executable, "-m", "bookmyshow.embedded", *options]

    def environment(self, **changes: str) -> dict[str, str]:
        """Return an environment without servers and secrets, except those of `changes`."""
        return {k: v for k, v in os.environ.items() if k not in KEPT_OUT} | changes

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self.embedded(), *command],
            cwd=self.root,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def processes(self, *, ending: bool = False) -> dict[psutil.Process, str]:
        """Return the living processes that work on this checkout, with their command lines.

        `ending` includes processes that are about to end and have no command line any more. The
        kernel releases their locks only after that.
        """
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                here = Path(process.cwd()).is_relative_to(self.root)
                if here and process.status() != psutil.STATUS_ZOMBIE:
                    found[process] = " ".join(process.cmdline())
        return {process: line for process, line in found.items() if line or ending}

    def find(self, text: str) -> set[psutil.Process]:
        """Return those of the processes with the text in their command line."""
        return {process for process, line in self.processes().items() if text in line}

    def runs(self, text: str) -> bool:
        """Tell whether one of those processes has the text in its command line."""
        return bool(self.find(text))

    def kill(self, text: str) -> None:
        """Send SIGKILL to those with the text in their command line, all at once."""
        for process in self.find(text):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def kill_everything(self) -> None:
        """Send SIGKILL to each process, as a crash of the machine would end them."""
        while self.processes(ending=True):
            self.kill("")
            time.sleep(0.02)


@pytest.fixture
def make_checkout(tmp_path: Path) -> Iterator[Callable[[str], Checkout]]:
    """Make checkouts that are gone, with their processes, after the test."""
    made: list[Checkout] = []

    def make(name: str) -> Checkout:
        made.append(Checkout(tmp_path / name))
        return made[-1]

    yield make
    for checkout in made:
        checkout.kill_everything()


@pytest.fixture
def checkout(make_checkout: Callable[[str], Checkout]) -> Checkout:
    """One checkout, in a folder whose name has to be quoted."""
    return make_checkout("a checkout, 100 %")


def eventually(true: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Tell whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def remember(member: Member, value: int) -> None:
    """Write the value to both servers."""
    with psycopg.connect(member.database) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (value,))
    with redis.Redis.from_url(member.redis) as client:
        client.set("kept", value)


def remembered(member: Member) -> tuple[list[int], int]:
    """Read what the servers have: PostgreSQL's rows, Valkey's value."""
    with psycopg.connect(member.database) as connection:
        rows = [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]
    with redis.Redis.from_url(member.redis, decode_responses=True) as client:
        return rows, int(str(client.get("kept") or 0))


def still_remembers(member: Member, value: int) -> bool:
    """Tell whether both servers answer, and with that value."""
    try:
        return remembered(member) == ([value], value)
    except (psycopg.Error, redis.RedisError):
        return False


def test_servers_start_are_joined_and_end_with_the_last_command(checkout: Checkout) -> None:
    first = Member(checkout)
    with psycopg.connect(first.database) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000,"
            " current_setting('server_encoding'), current_setting('TimeZone'),"
            " current_setting('fsync'), current_setting('max_connections')::int, usesuper"
            " FROM pg_user WHERE usename = current_user"
        ).fetchone()
    assert row == (18, "UTF8", "UTC", "on", 300, False)

    second = Member(checkout)
    assert (second.database, second.redis) == (first.database, first.redis)
    assert (second.secret_key, second.jwt_secret) == (first.secret_key, first.jwt_secret)
    assert len(first.secret_key) >= 32
    assert len(first.jwt_secret) >= 32

    remember(first, 1)
    assert first.leave() == 0
    assert remembered(second) == ([1], 1)

    assert second.leave() == 0
    assert checkout.processes() == {}
    assert (checkout.root / ".data" / "secrets.env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whole_group", [False, True], ids=["process", "group"])
def test_a_signal_ends_the_command_and_the_servers(
    checkout: Checkout, signum: signal.Signals, whole_group: bool
) -> None:
    member = Member(checkout, DATABASE_URL="postgres://elsewhere/x")
    (os.killpg if whole_group else os.kill)(member.process.pid, signum)
    assert member.process.wait(180) in (128 + signum, 1)
    assert checkout.processes() == {}


def test_servers_outlive_a_killed_member_but_not_the_last_one(checkout: Checkout) -> None:
    first, second = Member(checkout), Member(checkout)
    first.process.kill()
    first.process.wait()
    remember(second, 2)
    second.process.kill()
    second.process.wait()
    assert eventually(lambda: checkout.processes() == {}), checkout.processes()


def test_data_is_there_after_everything_was_killed(checkout: Checkout) -> None:
    for value in (1, 2, 3):
        member = Member(checkout)
        remember(member, value)
        # Valkey syncs its log to the disk every second; killing only the process loses nothing.
        checkout.kill_everything()
        member.process.wait()
    survivor = Member(checkout)
    assert remembered(survivor) == ([1, 2, 3], 3)
    assert survivor.leave() == 0


def test_a_server_that_crashes_comes_back_at_its_address(checkout: Checkout) -> None:
    member = Member(checkout)
    remember(member, 7)
    checkout.kill("postgres: ")
    checkout.kill("bin/postgres ")
    checkout.kill("valkey-server ")

    assert eventually(lambda: still_remembers(member, 7))
    assert member.leave() == 0
    assert checkout.processes() == {}


def test_a_killed_keeper_is_replaced_under_the_command_that_runs(checkout: Checkout) -> None:
    member = Member(checkout)
    remember(member, 6)
    killed: set[psutil.Process] = set()
    for _ in range(2):
        killed.update(checkout.find("bookmyshow.embedded.keeper"))
        checkout.kill("bookmyshow.embedded.keeper")
        assert eventually(lambda: not killed & checkout.find("bookmyshow.embedded.keeper"))
        assert eventually(lambda: still_remembers(member, 6))
    assert member.leave() == 0
    assert checkout.processes() == {}


def test_servers_whose_keepers_were_killed_end_and_are_replaced(checkout: Checkout) -> None:
    member = Member(checkout)
    remember(member, 5)
    checkout.kill("bookmyshow.embedded.keeper")
    newcomer = Member(checkout)
    assert remembered(newcomer) == ([5], 5)
    member.leave()
    assert newcomer.leave() == 0
    assert checkout.processes() == {}


def test_checkouts_run_side_by_side(make_checkout: Callable[[str], Checkout]) -> None:
    deep = "/".join(["a-folder-with-a-long-name"] * 6)
    here, there = Member(make_checkout("here")), Member(make_checkout(deep))
    remember(here, 1)
    remember(there, 2)
    assert (remembered(here), remembered(there)) == (([1], 1), ([2], 2))
    assert here.secret_key != there.secret_key
    assert (here.leave(), there.leave()) == (0, 0)


def test_what_the_environment_gives_is_neither_started_nor_changed(checkout: Checkout) -> None:
    given = {"DATABASE_URL": "postgres://elsewhere/x", "SECRET_KEY": "mine"}
    member = Member(checkout, **given)
    assert (member.database, member.secret_key) == ("postgres://elsewhere/x", "mine")
    assert member.redis.startswith("redis://")
    assert len(member.jwt_secret) >= 32
    assert checkout.runs("valkey-server")
    assert not checkout.runs("postgres")
    assert member.leave() == 0


def test_tickets_signed_before_they_had_a_key_of_their_own_go_on_verifying(
    make_checkout: Callable[[str], Checkout],
) -> None:
    checkout = make_checkout("earlier")
    kept = checkout.root / ".data" / "secrets.env"
    kept.parent.mkdir()
    kept.write_text("SECRET_KEY=the-earlier-one\nJWT_SECRET=another-one\n")
    given = {"DATABASE_URL": "given", "REDIS_URL": "given"}
    printing = "import os; print(os.environ['TICKET_KEY'], os.environ['TICKET_KEY_FALLBACKS'])"
    for _ in range(2):
        done = checkout.run(sys.executable, "-c", printing, **given)
        key, fallbacks = done.stdout.split()
        assert fallbacks == "the-earlier-one" != key
        assert f"TICKET_KEY={key}\n" in kept.read_text()


def test_a_secret_key_of_ones_own_goes_on_signing_tickets(checkout: Checkout) -> None:
    given = {"DATABASE_URL": "given", "REDIS_URL": "given", "SECRET_KEY": "mine"}
    printing = "import os; print(os.environ.get('TICKET_KEY'))"
    assert checkout.run(sys.executable, "-c", printing, **given).stdout.split() == ["None"]


def test_dotenv_counts_as_environment(checkout: Checkout) -> None:
    lines = [f"{name}=given" for name in PROVIDED]
    (checkout.root / ".env").write_text("\n".join(lines))
    done = checkout.run(sys.executable, "-c", PRINT_ENVIRONMENT)
    # The settings read the file themselves, so the launcher sets and creates nothing.
    assert done.stdout.split() == []
    assert done.returncode == 0
    assert not (checkout.root / ".data").exists()


@pytest.mark.parametrize(
    ("command", "code"), [(["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 128 + 9)]
)
def test_the_exit_code_is_the_commands(checkout: Checkout, command: list[str], code: int) -> None:
    given = dict.fromkeys(PROVIDED, "given")
    assert checkout.run(*command, **given).returncode == code


def test_what_the_command_leaves_behind_is_ended(checkout: Checkout) -> None:
    given = dict.fromkeys(PROVIDED, "given")
    done = checkout.run("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 0", **given)
    assert done.returncode == 0
    assert checkout.processes() == {}


def test_an_unknown_command_is_one_line(checkout: Checkout) -> None:
    done = checkout.run("no-such-command", **dict.fromkeys(PROVIDED, "given"))
    assert done.returncode == 1
    assert done.stderr == "embedded: there is no command no-such-command\n"


def test_a_full_disk_is_one_line_and_starts_nothing(checkout: Checkout) -> None:
    paths = checkout.root / "bookmyshow/embedded/paths.py"
    paths.write_text(paths.read_text().replace("NEEDED_MB = 300", "NEEDED_MB = 10**9"))
    done = checkout.run("true")
    assert done.returncode == 1
    assert re.fullmatch(r"embedded: the disk of .* has \d+ MB free, and .*\n", done.stderr)
    assert {path.name for path in (checkout.root / ".data").iterdir()} == {"run", "log"}


def test_end_with_parent_follows_a_killed_make(checkout: Checkout) -> None:
    python = sys.executable
    shell = subprocess.Popen(
        ["sh", "-c", '"$0" -m bookmyshow.embedded --end-with-parent=$$ sleep 1000; true', python],
        cwd=checkout.root,
        env=checkout.environment(DATABASE_URL="postgres://elsewhere/x"),
    )
    assert eventually(lambda: "sleep 1000" in checkout.processes().values())
    shell.kill()
    shell.wait()
    assert eventually(lambda: checkout.processes() == {}), checkout.processes()
