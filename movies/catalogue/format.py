"""Reads catalogues in the format of the GitHub project prust/wikipedia-movie-data.

A catalogue is a JSON array of objects: title, year, cast, genres, href (the name of the Wikipedia
page), extract. Title, year and href together identify a film. Thumbnails are not used, because they
are addresses on another host.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.html import strip_tags
from django.utils.text import slugify

from movies.models import Genre, Movie

from .tolerant_json import Damage, Item, NotAnArray, read_array

FIRST_YEAR, LAST_YEAR = 1874, 2100
TITLE_LENGTH = Movie._meta.get_field("title").max_length or 0
KEY_LENGTH = Movie._meta.get_field("source_key").max_length or 0
NAME_LENGTH = 120
GENRE_LENGTH = Genre._meta.get_field("name").max_length or 0
DESCRIPTION_LENGTH = 20_000

# Removed: bidirectional overrides and invisible characters change how the text near them is shown.
INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# A record with a control character or a lone surrogate is refused.
REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")
# Entries of the cast that are not actors: "A. Writer (screenplay)", or the end of one: "story)".
CREDIT = re.compile(r"\([^)]*(?:screen|writ|direct|produc|story)[^)]*\)$|^[^(]*\)$", re.IGNORECASE)


class UnreadableCatalogue(Exception):
    """No record can be read from the file. The message says why."""


class Unusable(ValueError):
    """The record can't become a film. The message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cleaned data of one film. `index` is its place in the array, from 0."""

    index: int
    title: str
    year: int | None
    key: str
    description: str
    cast: tuple[str, ...]
    genres: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A note for the report about one place in the array: index, title and text."""

    index: int
    title: str
    reason: str

    def __str__(self) -> str:
        name = f" {self.title}" if self.title else ""
        return f"[{self.index}]{name}: {self.reason}"


class Skipped(Remark):
    """A record that is not imported, with the reason."""


def read_catalogue(path: Path) -> list[Record | Remark]:
    """All entries of the file in order: usable records, and remarks about the others.

    Raises UnreadableCatalogue.
    """
    try:
        # Bytes that are not UTF-8 become lone surrogates. So only the record with them is refused.
        text = path.read_text("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UnreadableCatalogue(f"{path}: {error.strerror or error}") from error
    try:
        return list(_distinct(read_array(text)))
    except NotAnArray as error:
        raise UnreadableCatalogue(f"{path}: {error}") from error


def _distinct(items: Iterator[Item | Damage]) -> Iterator[Record | Remark]:
    seen: dict[str, int] = {}
    for item in items:
        if isinstance(item, Damage):
            kind = Skipped if item.costs_item else Remark
            yield kind(item.index, "", f"line {item.line}, column {item.column}: {item.message}")
            continue
        try:
            record = parse_record(item.index, item.value)
        except Unusable as error:
            yield Skipped(item.index, _name_of(item.value), str(error))
            continue
        first = seen.setdefault(record.key, record.index)
        if first == record.index:
            yield record
        else:
            yield Skipped(
                record.index, record.title, f"a duplicate of [{first}] (title, year and href)"
            )


def parse_record(index: int, value: Any) -> Record:
    """A Record from one object of the array. Raises Unusable."""
    if not isinstance(value, dict):
        raise Unusable("it is not an object with a title")
    title = _one_line(_text(value, "title"))
    if not title:
        raise Unusable("it has no title")
    if len(title) > TITLE_LENGTH:
        raise Unusable(f"its title is longer than {TITLE_LENGTH} characters")
    year = _year(value.get("year"))
    key = json.dumps([title, year, _one_line(_text(value, "href"))], ensure_ascii=False)
    if len(key) > KEY_LENGTH:
        raise Unusable("its title and href are too long together")
    description = _paragraphs(_text(value, "extract"))
    if len(description) > DESCRIPTION_LENGTH:
        raise Unusable(f"its extract is longer than {DESCRIPTION_LENGTH:,} characters")
    cast = (name for name in _texts(value, "cast", NAME_LENGTH) if not CREDIT.search(name))
    genres = (name for name in _texts(value, "genres", GENRE_LENGTH) if slugify(name))
    return Record(index, title, year, key, description, tuple(cast), tuple(genres))


def _text(value: dict[str, Any], field: str) -> str:
    text = value.get(field)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Unusable(f"its {field} is not a text")
    return _checked(text, field)


def _texts(value: dict[str, Any], field: str, longest: int) -> list[str]:
    """The texts of a list in order, without duplicates and without texts of only punctuation."""
    texts = value.get(field)
    if texts is None:
        return []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Unusable(f"its {field} is not a list of texts")
    lines = dict.fromkeys(_one_line(_checked(text, field)) for text in texts)
    if any(len(line) > longest for line in lines):
        raise Unusable(f"its {field} has a text longer than {longest} characters")
    return [line for line in lines if any(character.isalnum() for character in line)]


def _checked(text: str, field: str) -> str:
    found = REFUSED.search(text)
    if found is None:
        return text
    if "\ud800" <= found[0] <= "\udfff":
        raise Unusable(f"its {field} is not valid Unicode text")
    raise Unusable(f"its {field} has the control character U+{ord(found[0]):04X}")


def _year(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{4}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unusable("its year is not a whole number")
    if not FIRST_YEAR <= value <= LAST_YEAR:
        raise Unusable(f"its year {value} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _one_line(text: str) -> str:
    text = html.unescape(text).translate(INVISIBLE)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _paragraphs(text: str) -> str:
    """Plain text, one line for each paragraph. Markup in extracts is removed."""
    lines = (_one_line(line) for line in strip_tags(text).splitlines())
    return "\n".join(line for line in lines if line)


def _name_of(value: Any) -> str:
    """The title of an unusable record for the report, made safe to print and shortened."""
    title = value.get("title") if isinstance(value, dict) else None
    if not isinstance(title, str):
        return ""
    return " ".join(REFUSED.sub("\N{REPLACEMENT CHARACTER}", title).split())[:60]
