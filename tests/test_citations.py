"""Code and documents cite numbered sections (`docs/spec.md §4.4`): each of them has to exist."""

import re
from collections.abc import Iterator

from bookmyshow.environment import ROOT

FOLDERS = ("accounts", "bench", "bookings", "bookmyshow", "docs", "movies", "shows", "tests")
# One citation may name several sections: docs/spec.md §3, §4.
CITATION = re.compile(r"docs/([a-z]+)\.md((?:,? §[0-9.]*[0-9])+)")
SECTION = re.compile(r"§([0-9.]*[0-9])")
HEADING = re.compile(r"^#+ ([0-9.]*[0-9])\.? ", re.MULTILINE)


def test_every_cited_section_exists() -> None:
    cited = set(citations())
    known = {(name, section) for name, _ in cited for section in sections_of(name)}
    assert len(cited) > 5
    assert sorted(cited - known) == []


def citations() -> Iterator[tuple[str, str]]:
    """The name of the document and the number of the section, of each citation."""
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))
    for file in files:
        if file.suffix not in {".py", ".md"}:
            continue
        # A citation may continue in the next line, also in a comment.
        text = re.sub(r"\s+(?:# )?", " ", file.read_text())
        for name, numbers in CITATION.findall(text):
            yield from ((name, section) for section in SECTION.findall(numbers))


def sections_of(name: str) -> list[str]:
    return HEADING.findall((ROOT / f"docs/{name}.md").read_text())
