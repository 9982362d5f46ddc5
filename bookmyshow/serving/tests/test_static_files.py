import re
import shutil
from pathlib import Path

from bookmyshow.environment import ROOT
from bookmyshow.serving.static_files import HashedStaticFiles

HASHED_SCRIPT = re.compile(r"\.[0-9a-f]{12}\.js$")
RELATIVE_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']*)""")


def test_every_import_of_our_scripts_names_a_file_by_its_hash(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static/js", tmp_path / "js")
    storage = HashedStaticFiles(location=tmp_path, base_url="/static/")
    paths = {
        str(path.relative_to(tmp_path)): (storage, str(path.relative_to(tmp_path)))
        for path in tmp_path.rglob("*.js")
    }
    for _name, _hashed, problem in storage.post_process(paths):
        assert not isinstance(problem, Exception), problem
    imports = [
        path.parent / target
        for path in tmp_path.rglob("*.js")
        if HASHED_SCRIPT.search(path.name)
        for target in RELATIVE_IMPORT.findall(path.read_text())
    ]
    assert imports
    for imported in imports:
        assert HASHED_SCRIPT.search(imported.name)
        assert imported.exists()
