"""docs/settings.md, .env.example and the code name the same settings and defaults."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bookmyshow import environment
from bookmyshow.environment import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
REQUIRED = {
    "DATABASE_URL": "postgresql://app:secret@127.0.0.1:5432/bookmyshow",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": "9vKq2mYt7RbXw4LzNc8HsPd5GfJe3TaU",
    "JWT_SECRET": "0f4c2a9be17d3586c0fa41e97b2d8563",
}
# Ignore the .env of this checkout, because it would change the defaults.
PRINT_SETTINGS = """
import environ, json, runpy
environ.Env.read_env = lambda *_: None
from bookmyshow import settings
served = runpy.run_path("gunicorn.conf.py")
served["on_exit"](None)
values = {name: value for name, value in vars(settings).items() if name.isupper()}
values |= {name: served[name] for name in ("bind", "workers", "threads", "forwarded_allow_ips")}
print(json.dumps(values, default=repr))
"""
# The functions that read a setting by its name.
READERS = {
    name
    for name, function in inspect.getmembers(environment, inspect.isfunction)
    if next(iter(inspect.signature(function).parameters), "") == "name"
}


def example_of(names: set[str]) -> dict[str, str]:
    """The lines `#NAME=value` of .env.example."""
    lines = re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE)
    return {name: value for name, value in lines if name in names}


def listed() -> list[str]:
    return re.findall(r"^#([A-Z][A-Z0-9_]*)=", EXAMPLE, re.MULTILINE)


def names_read_in(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func)
        is_reader = called == "env.str" or called.removeprefix("environment.") in READERS
        first = node.args[0]
        if is_reader and isinstance(first, ast.Constant) and isinstance(first.value, str):
            names.add(first.value)
    return names


@pytest.fixture(scope="module")
def read_by_the_code() -> set[str]:
    folders = ("accounts", "movies", "shows", "bookings", "bookmyshow")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    product = [file for file in files if "tests" not in file.parts]
    return set().union(*map(names_read_in, [*product, ROOT / "gunicorn.conf.py"]))


@pytest.fixture(scope="module")
def documented() -> dict[str, str]:
    """The names in the tables of docs/settings.md, each with the cell of its default."""
    text = (ROOT / "docs/settings.md").read_text()
    rows: dict[str, str] = {}
    for names, default in re.findall(r"^\| (`[A-Z].*?) \| (.*?) \|", text, re.MULTILINE):
        names = re.findall(r"`(\w+)`", names)
        # "`8000`, `127.0.0.1`" for two names; else one cell for all of them.
        cells = re.split(r"(?<=[`)]), (?=`)", default)
        defaults = cells if len(cells) == len(names) else [default] * len(names)
        rows |= dict(zip(names, defaults, strict=True))
    return rows


def test_the_document_lists_the_settings_that_the_code_reads(
    read_by_the_code: set[str], documented: dict[str, str]
) -> None:
    assert len(read_by_the_code) > 40
    assert set(documented) == read_by_the_code


def test_the_example_lists_them_once_and_what_compose_asks_for(read_by_the_code: set[str]) -> None:
    compose = (ROOT / "compose.yaml").read_text()
    for_compose = set(re.findall(r"(?<!\$)\$\{(\w+)", compose)) - read_by_the_code
    assert for_compose == {"POSTGRES_PASSWORD", "DATABASE_PASSWORD", "VALKEY_PASSWORD", "PUBLISH"}
    assert len(listed()) == len(set(listed()))
    assert set(listed()) == read_by_the_code | for_compose


def test_a_copy_of_the_example_sets_nothing_until_a_line_is_changed() -> None:
    for line in EXAMPLE.splitlines():
        assert not line or line.startswith("#"), line


def test_the_document_and_the_example_name_the_same_defaults(documented: dict[str, str]) -> None:
    for name, value in example_of(set(documented)).items():
        default = re.fullmatch(r"`([^`]*)`", documented[name])
        is_literal = default is not None and default[1] not in documented
        assert value == (default[1] if default and is_literal else ""), name


def test_the_values_of_the_example_are_the_defaults_of_the_code(
    read_by_the_code: set[str],
) -> None:
    def settings_with(values: dict[str, str]) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-c", PRINT_SETTINGS],
            cwd=ROOT,
            env={**values, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, object] = json.loads(done.stdout)
        return found

    assert settings_with(example_of(read_by_the_code) | REQUIRED) == settings_with(REQUIRED)
