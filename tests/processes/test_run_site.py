"""Tests ``manage.py run_site`` (`make run`), which starts the site with all its processes."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import Group

from bookings.show_changes.services import cancel_show
from bookmyshow.environment import ROOT
from bookmyshow.serving import supervisor
from bookmyshow.site.management.commands.run_site import procfile, wanted_programs
from tests.support.deployed_site import START_SECONDS, free_port, site_environment
from tests.support.factories import make_booking, make_show, make_user

RUN_SITE = [sys.executable, "manage.py", "run_site", "--no-demo"]


@dataclass
class Site:
    """A running `run_site` process, its port, and the folder of its log and mails."""

    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def programs(self) -> dict[str, psutil.Process]:
        """The processes that the supervisor started, by their names in the Procfile."""
        lines = {}
        for child in psutil.Process(self.process.pid).children():
            # It may end at any moment.
            with suppress(psutil.NoSuchProcess):
                if is_running(child):
                    lines[" ".join(child.cmdline())] = child
        # Compare without the first word: it is `python` in the Procfile and a full path in the
        # process.
        wanted = {name: command.partition(" ")[2] for name, command in procfile().items()}
        return {
            name: child
            for name, command in wanted.items()
            for line, child in lines.items()
            if line.endswith(command)
        }

    def mails(self) -> str:
        """The text of all mail that was sent."""
        texts = []
        for path in (self.folder / "mail").glob("*"):
            # A mail of which only the first part is written has no readable text yet.
            with suppress(LookupError, ValueError):
                mail = message_from_bytes(path.read_bytes(), policy=policy.default)
                parts = [p for p in mail.walk() if p.get_content_type() == "text/plain"]
                texts += [part.get_content() for part in parts]
        return "".join(texts)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as page:
            return str(page.read().decode())

    def answers(self) -> bool:
        """Whether the home page answers 200."""
        return answers(f"http://127.0.0.1:{self.port}/")


def answers(url: str) -> bool:
    """Whether it answers 200."""
    try:
        with urllib.request.urlopen(url) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def is_running(process: psutil.Process) -> bool:
    """Whether the process runs. A zombie counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running_below(process: "subprocess.Popen[str]") -> list[list[str]]:
    """The command lines of all processes that this one has started, and of theirs."""
    lines = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            lines.append(child.cmdline())
    return lines


def wait_until(condition: Callable[[], bool], message: Callable[[], object]) -> None:
    """Wait until `condition` is true. After START_SECONDS fail with `message`."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, message()
        time.sleep(0.1)


@contextmanager
def run_site(folder: Path, **environment: str) -> Iterator[Site]:
    """Run the site while the block runs. Then check that no process of it is left."""
    port = free_port()
    env = site_environment(folder, port) | {"LIVE_PORT": str(free_port())} | environment
    # The default is part of what is tested.
    del env["SITE_URL"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(RUN_SITE, cwd=ROOT, env=env, stdout=log, stderr=log)
    site = Site(process, port, folder)
    descendants: list[psutil.Process] = []
    try:
        wait_until(lambda: "BookMyShow is ready" in site.log(), site.log)
        yield site
        descendants = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    wait_until(lambda: not any(map(is_running, descendants)), lambda: descendants)


@pytest.mark.usefixtures("transactional_db")
def test_every_killed_process_is_restarted_and_the_end_leaves_no_process(tmp_path: Path) -> None:
    show, live_port = make_show(), free_port()
    # As on the first start: the migration writes their rights.
    Group.objects.all().delete()
    with run_site(tmp_path, LIVE_PORT=str(live_port)) as site:
        address = f"BookMyShow is ready: http://localhost:{site.port}/"
        before = site.log().partition(address)[0].strip().splitlines()
        # A newcomer reads no logs of the preparation and of the start. Root reads a warning.
        assert [line for line in before if "as root" not in line] == [
            "Preparing: static files, database, demo data (a minute the first time) …"
        ]
        wait_until(lambda: len(site.programs()) == len(procfile()), site.log)
        killed = site.programs()
        # Started as root, the site gives up root if it can. Otherwise it prints a warning.
        users = {uid for program in killed.values() for uid in program.uids()}
        assert 0 not in users or "The site runs as root: " in site.log()
        for program in killed.values():
            program.kill()
        restarts = [f"{name} was ended by SIGKILL; it starts again in" for name in killed]
        wait_until(lambda: all(line in site.log() for line in restarts), site.log)
        wait_until(lambda: len(site.programs()) == len(killed), site.log)
        assert not {p.pid for p in killed.values()} & {p.pid for p in site.programs().values()}
        wait_until(site.answers, site.log)
        # An open seat map finds the live process at the host that the page came from.
        assert f'data-stream="//127.0.0.1:{live_port}/live/' in site.get(show.get_absolute_url())
        health = f"http://127.0.0.1:{live_port}/live/healthz"
        wait_until(lambda: answers(health), site.log)


@pytest.mark.usefixtures("transactional_db")
def test_the_sandbox_runs_beside_the_site_and_links_in_mails_have_its_port(tmp_path: Path) -> None:
    sandbox = f"http://127.0.0.1:{free_port()}"
    show = make_show()
    booking = make_booking(show, ["A1"])
    cancel_show(by=make_user(is_superuser=True), show_id=show.pk)
    with run_site(tmp_path, PAYMENTS="sandbox", SANDBOX_URL=sandbox) as site:
        assert f"Payments: test mode, no money moves ({sandbox}/)" in site.log()

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"{sandbox}/") as page:
                    return b"no money moves" in page.read()
            except OSError:
                return False

        wait_until(answers, site.log)
        wait_until(lambda: booking.reference in site.mails(), site.log)
        assert f"http://localhost:{site.port}/movies/" in site.mails()


def test_without_live_url_the_live_process_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_URL", "")
    assert set(procfile()) - set(wanted_programs()) == {"live"}
    monkeypatch.setenv("LIVE_URL", ":8002/live/")
    assert wanted_programs() == procfile()


def test_a_taken_port_of_the_payment_sandbox_gives_a_one_line_error(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        env = site_environment(tmp_path, free_port())
        env |= {"PAYMENTS": "sandbox", "SANDBOX_URL": f"http://127.0.0.1:{taken}"}
        done = subprocess.run(RUN_SITE, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(
        f"CommandError: the payment sandbox can't listen on 127.0.0.1:{taken} (Address"
    )
    assert len(done.stderr.strip().splitlines()) == 1


def test_live_keys_do_not_start_together_with_the_sandbox(tmp_path: Path) -> None:
    env = site_environment(tmp_path, free_port())
    del env["PAYMENTS"]
    env["STRIPE_SECRET_KEY"] = "sk_live_51Q"
    env["SANDBOX_URL"] = f"http://127.0.0.1:{free_port()}"
    done = subprocess.run(RUN_SITE, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().startswith("STRIPE_SECRET_KEY: is a live key")
    assert "sk_live" not in done.stderr


def test_the_pause_before_a_restart_doubles_if_a_program_ends_again_and_again() -> None:
    """A child process that the program left running is ended before the restart."""
    leaves_a_child = 'sh -c "sleep 4242 & exit 3"'
    with subprocess.Popen(
        [sys.executable, supervisor.__file__, "bad", leaves_a_child, "good", "sleep 4343"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline().strip() for _ in range(3)]
        assert lines == [f"bad ended with 3; it starts again in {n} s" for n in (1, 2, 4)]
        # In the pause before the next start, which comes again and again.
        wait_until(lambda: running_below(process) == [["sleep", "4343"]], process.poll)
        descendants = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(120) == 0
    assert not any(map(is_running, descendants))


def test_a_port_in_use_gives_a_one_line_error_that_names_the_setting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        env = site_environment(tmp_path, port)
        done = subprocess.run(RUN_SITE, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(
        f"CommandError: can't listen on 127.0.0.1:{port} (Address"
    )
    assert "PORT=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
