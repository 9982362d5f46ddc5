"""compose.yaml and the Dockerfile, as far as they can be looked at without a Docker engine."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from bookmyshow.environment import ROOT
from bookmyshow.management.commands.run_site import procfile


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
            if re.search(r"SECRET|PASSWORD|_URL", key):
                assert ":?}" in value, (name, key)


def test_static_files_are_collected_without_secrets_and_servers() -> None:
    """As the image is built. Every other command still refuses to start without them."""
    bare = {"PATH": os.environ["PATH"]}
    for command, works in (["collectstatic", "--noinput", "--dry-run"], True), (["check"], False):
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=bare, capture_output=True
        )
        assert (done.returncode == 0) is works, done.stderr.decode()
