"""Checks of compose.yaml and the Dockerfile that need no Docker engine."""

import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import yaml

from bookmyshow.environment import ROOT
from bookmyshow.site.management.commands.run_site import procfile


class Answers(BaseHTTPRequestHandler):
    """Replaces gunicorn: answers every GET with one status."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_every_process_of_the_procfile_is_a_service(services: dict[str, Any]) -> None:
    image = re.search(r"^CMD \[(.*)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert image is not None
    default = image[1].replace('", "', " ").strip('"')
    for name, command in procfile().items():
        assert services[name].get("command", default).startswith(command), name


def test_nginx_alone_is_published(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    mounted = [volume.split(":") for volume in services["nginx"]["volumes"]]
    assert [source for source, *_ in mounted] == [
        "./ops/nginx/compose.conf",
        "./ops/nginx/site.conf",
    ]
    for source, *_ in mounted:
        assert (ROOT / source).is_file()
    included = (ROOT / "ops/nginx/compose.conf").read_text()
    assert f"include {mounted[1][1]};" in included


def test_nginx_passes_the_live_map_on_to_its_service(services: dict[str, Any]) -> None:
    environment = services["live"]["environment"]
    assert environment["BIND"] == "0.0.0.0"
    included = (ROOT / "ops/nginx/compose.conf").read_text()
    assert f"server live:{environment['LIVE_PORT']};" in included
    assert "location /live/ {" in (ROOT / "ops/nginx/site.conf").read_text()
    assert services["web"]["environment"]["LIVE_URL"] == "/live/"
    assert "live" in services["nginx"]["depends_on"]


def test_valkey_has_a_password_and_the_sites_role_is_no_superuser(services: dict[str, Any]) -> None:
    assert '--requirepass "$$VALKEY_PASSWORD"' in services["valkey"]["command"]
    for name in ("migrate", *procfile()):
        environment = services[name]["environment"]
        assert environment["REDIS_URL"].startswith("redis://:${VALKEY_PASSWORD:?}@")
        # The image's own role, POSTGRES_USER, is postgres: a superuser.
        assert environment["DATABASE_URL"].startswith("postgresql://bookmyshow:")
    assert "POSTGRES_USER" not in services["postgres"]["environment"]
    role = (ROOT / "ops/compose/role.sh").read_text()
    assert "CREATE ROLE bookmyshow LOGIN PASSWORD :'password';" in role


def test_secrets_are_asked_for_and_none_is_written_down(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|_URL", key) and value not in ("", "/live/"):
                assert ":?}" in value, (name, key)


def test_the_site_has_no_password_of_the_databases_superuser(services: dict[str, Any]) -> None:
    """`env_file` gives the site's processes each line of .env; their own values replace those."""
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?}"
    for name in ("migrate", *procfile()):
        assert services[name]["env_file"] == ".env"
        assert services[name]["environment"]["POSTGRES_PASSWORD"] == "", name


def test_a_process_that_is_stopped_has_the_time_that_it_takes(services: dict[str, Any]) -> None:
    """Docker kills after 10 s; systemd's units say how long each may take."""
    for name in ("web", "live", "worker", "sweeper"):
        unit = (ROOT / f"ops/systemd/bookmyshow-{name}.service").read_text()
        limit = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
        assert limit is not None
        assert services[name]["stop_grace_period"] == f"{limit[1]}s"


def test_the_health_check_of_web_can_fail(services: dict[str, Any]) -> None:
    how, program, *arguments = services["web"]["healthcheck"]["test"]
    assert (how, program) == ("CMD", "python")
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_port)
        for status, code in ((200, 0), (301, 0), (400, 0), (503, 1)):
            Answers.status = status
            check = [argument.replace("8000", port) for argument in arguments]
            assert subprocess.run([sys.executable, *check]).returncode == code, status
        server.shutdown()
    gone = subprocess.run([sys.executable, *check], capture_output=True)
    assert gone.returncode != 0


def test_the_image_has_no_secret_and_no_root(services: dict[str, Any]) -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER site") > lines.index("COPY . .")
    assert not any(re.search(r"SECRET|PASSWORD|_KEY|_URL", line) for line in lines)
    # This pattern excludes .env, and .data with its secrets and databases.
    assert ".*" in (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("migrate", *procfile()):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_static_files_are_collected_without_secrets_and_servers() -> None:
    """The build of the image does this. Other commands refuse to start without secrets."""
    bare = {"PATH": os.environ["PATH"]}
    for command, works in (["collectstatic", "--noinput", "--dry-run"], True), (["check"], False):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=bare, capture_output=True
        )
        assert (done.returncode == 0) is works, done.stderr.decode()
