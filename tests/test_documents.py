"""Links, anchors, file paths and modules in documents and comments must exist."""

import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "movies", "shows", "bookings", "bookmyshow")
LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"\.?[\w-]+(?:/[\w.-]+)+/?")
MODULE = re.compile(rf"(?:{'|'.join(APPS)})(?:\.\w+)+")
FOLDERS = "|".join([*APPS, "tests", "bench", "ops", "docs", "static", "templates"])
FILE_IN_TEXT = re.compile(
    rf"(?<![\w/.-])(?:{FOLDERS})/[\w./-]*\w\.(?:py|md|css|js|html|txt|conf|sh|svg|json|ini|yml|lua)\b"
)
GENERATED = {"__pycache__", "node_modules", "staticfiles", "media"}
# This test writes files with invented names.
INVENTS_FILES = "tests/test_floors.py"
SOURCES = (".py", ".css", ".js", ".html", ".toml", ".yaml", ".yml", ".conf", ".sh", ".service")


@cache
def project() -> frozenset[str]:
    """Files and folders of the project, without generated ones."""
    found = {"."}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [n for n in folders if n not in GENERATED and (n[0] != "." or n == ".ci")]
        here = Path(folder).relative_to(ROOT)
        found |= {str(here / name) for name in [*folders, *files]}
    return frozenset(found)


def documents() -> list[str]:
    return sorted(name for name in project() if name.endswith(".md"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return FENCED.sub("", text)


@cache
def anchors(document: str) -> frozenset[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", without_code(read(document)), re.MULTILINE)
    words = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return frozenset(re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in words)


def inside(text: str) -> list[str]:
    """The links that lead to other files of the project, or to a heading."""
    return [link for link in LINK.findall(without_code(text)) if not re.match(r"[a-z]+:", link)]


def target_of(link: str, document: str) -> str:
    path = link.partition("#")[0]
    full = (ROOT / document).parent / path if path else ROOT / document
    return str(full.resolve().relative_to(ROOT))


def wrong_links(text: str, document: str) -> list[str]:
    wrong = []
    for link in inside(text):
        target, anchor = target_of(link, document), link.partition("#")[2]
        found = target in project()
        if not found or (anchor and target.endswith(".md") and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


def wrong_paths(text: str) -> list[str]:
    """Paths in backticks that begin with a file or folder of the project, but do not exist."""
    return [
        code
        for code in CODE.findall(without_code(text))
        if PATH.fullmatch(code)
        and code.partition("/")[0] in project()
        and code.rstrip("/") not in project()
    ]


def wrong_modules(text: str) -> list[str]:
    """Dotted names in backticks without such a module. The last two parts may be class and
    method."""
    wrong = []
    for code in CODE.findall(without_code(text)):
        if MODULE.fullmatch(code):
            module = code.split(".")
            path = "/".join(module[: max(1, len(module) - 2)])
            if not {path, f"{path}.py"} & project():
                wrong.append(code)
    return wrong


@pytest.mark.parametrize("document", documents())
def test_a_document_names_only_what_exists(document: str) -> None:
    text = read(document)
    assert wrong_links(text, document) == []
    assert wrong_paths(text) == []
    assert wrong_modules(text) == []


def test_files_named_in_code_and_comments_exist() -> None:
    missing = {
        (source, name)
        for source in project()
        if (source.endswith(SOURCES) or source == "Makefile") and source != INVENTS_FILES
        for name in FILE_IN_TEXT.findall(read(source))
        if not {name, f"templates/{name}", f"static/{name}"} & project()
    }
    assert missing == set()


def test_every_document_is_in_the_index() -> None:
    index = "docs/README.md"
    named = {target_of(link, index) for link in inside(read(index))}
    pages = {
        name
        for name in documents()
        if "/" not in name or (name.startswith("docs/") and "/decisions/" not in name)
    }
    assert pages - named == {index}


def test_every_decision_is_in_the_index_of_decisions() -> None:
    index = "docs/decisions/README.md"
    pages = {name for name in documents() if name.startswith("docs/decisions/")}
    assert pages - {target_of(link, index) for link in inside(read(index))} == {index}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[gone](gone.md)", ["gone.md"]),
        ("[a part](deploy.md#no-such-part)", ["deploy.md#no-such-part"]),
        ("[a part](operating.md#backups), [elsewhere](https://example.com/gone.md)", []),
        ("```\n[in code](gone.md)\n```", []),
    ],
)
def test_a_wrong_link_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_links(text, "docs/scaling.md") == wrong


def test_a_wrong_path_and_a_wrong_module_are_found() -> None:
    text = "`bookings/gone/` `bookings/errors.py` `bookings.gone.here.deep` `bookings.models`"
    assert wrong_paths(text) == ["bookings/gone/"]
    assert wrong_modules(text) == ["bookings.gone.here.deep"]
