"""`make lint` fails after an import upwards. The test breaks each contract in a copy of the
code."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("accounts", "movies", "shows", "bookings", "bookmyshow")
#: Modules of a feature's folder that models may import (pyproject.toml).
LEAVES = (
    "accounts.email.addresses",
    "movies.posters.poster_version",
    "movies.posters.links",
    "movies.posters.sizes",
    "shows.seating.plan",
)
#: For each module: its text, and the linter's message.
NOT_ALLOWED = {
    "bookmyshow/core/upward.py": (
        "import movies.models",
        "bookmyshow.core is not allowed to import movies",
    ),
    "movies/upward.py": (
        "import shows.models",
        "movies is not allowed to import shows",
    ),
    "shows/upward.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bookings.models",
        "shows is not allowed to import bookings",
    ),
    "bookmyshow/serving/upward.py": (
        "def later():\n    import bookmyshow.embedded.ports",
        "bookmyshow.serving is not allowed to import bookmyshow.embedded",
    ),
    "bookmyshow/on_no_floor.py": ("", "on_no_floor"),
    "shows/seatmap/sideways.py": (
        "import shows.listings.home_lists",
        "No cycles are allowed in shows",
    ),
    "shows/listings/sideways.py": ("import shows.seatmap.current", ""),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The modules of the packages without their tests, and the configuration."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            place = tmp_path / module.relative_to(ROOT)
            if "tests" not in place.parts:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(module, place)
    # The linter fails if an exception for tests matches no import, so there is one test module.
    (tmp_path / "accounts/tests").mkdir()
    (tmp_path / "accounts/tests/__init__.py").touch()
    (tmp_path / "accounts/tests/test_models.py").write_text("import accounts.models\n")
    return tmp_path


def lint(copy: Path) -> tuple[int, str]:
    """The linter's exit status and output."""
    tool = str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run(
        [tool, "--no-logo", "--no-cache"], cwd=copy, capture_output=True, text=True
    )
    return done.returncode, " ".join(done.stdout.split())


def test_each_import_that_is_not_allowed_is_found(copy: Path) -> None:
    status, words = lint(copy)
    assert status == 0, words
    for module, (text, _) in NOT_ALLOWED.items():
        (copy / module).write_text(f"{text}\n")
    status, words = lint(copy)
    assert status == 1, words
    for _, told in NOT_ALLOWED.values():
        assert told in words


def test_what_models_import_from_a_features_folder_imports_nothing_of_ours() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for leaf in LEAVES:
        assert graph.find_modules_directly_imported_by(leaf) == set()
