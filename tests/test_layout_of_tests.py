"""Test modules do not import each other. Shared code is in tests/support or in tests/faults. No
example of a test with hypothesis has a time limit, which a busy machine would exceed."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("accounts", "movies", "shows", "bookings", "bookmyshow", "tests", "bench")


def is_test_module(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("test_") or last == "conftest"


def imported(file: Path) -> set[str]:
    """Return what the file imports, each name with its module in front."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_no_module_imports_a_test_module() -> None:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    found = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imported(file)
        if is_test_module(name) and not name.startswith("django.")
    ]
    assert files
    assert found == []


def has_time_limit(test: ast.FunctionDef) -> bool:
    """Whether hypothesis makes its examples, with the limit of 200 ms that it has by itself."""
    decorators = [ast.unparse(decorator) for decorator in test.decorator_list]
    is_free = any(text == "unhurried" or "deadline=None" in text for text in decorators)
    return any(text.startswith("given(") for text in decorators) and not is_free


def test_no_example_has_a_time_limit() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {node.name}"
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and has_time_limit(node)
    ]
    assert found == []
    assert has_time_limit(ast.parse("@given(x)\ndef test(): ...").body[0])  # type: ignore[arg-type]
