"""Reads a JSON array item by item. If one item is damaged, the others can still be read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BLANK = re.compile(r"[\s]*")
# After damage, reading continues where this matches. That may be an object inside the damaged item.
# The caller refuses such an object, because it does not have the fields of an item.
NEXT_ITEM = re.compile(r'\{\s*"[^"\n]{1,60}"\s*:')


@dataclass(frozen=True, slots=True)
class Item:
    """A value of the array and its index (from 0)."""

    index: int
    value: Any


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where the text is not valid JSON: array index (from 0), line and column (from 1).

    `costs_item`: an item is lost. Otherwise the damage is between two items or at the end.
    """

    index: int
    line: int
    column: int
    message: str
    costs_item: bool


class NotAnArray(ValueError):
    """The text does not contain a JSON array."""


def read_array(text: str) -> Iterator[Item | Damage]:
    """All readable items and all damaged places, in order. Raises NotAnArray."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return _read_damaged(text)
    if not isinstance(whole, list):
        raise NotAnArray(f"it holds {_kind(whole)} where a list of films is expected")
    return (Item(index, value) for index, value in enumerate(whole))


def _read_damaged(text: str) -> Iterator[Item | Damage]:
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        line, column = _place(text, at)
        raise NotAnArray(f"no JSON list begins at line {line}, column {column}")
    return _items(text, _skip(text, at + 1))


def _items(text: str, at: int) -> Iterator[Item | Damage]:
    # strict=False accepts control characters in texts; the caller reports which record has them.
    decoder = json.JSONDecoder(strict=False)
    index = 0
    while at < len(text) and text[at] != "]":
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield _damage(error, index, text, at)
            match = NEXT_ITEM.search(text, at + 1)
            if match is None:
                return
            at = match.start()
        else:
            yield Item(index, value)
            at = _skip(text, end)
            if text[at : at + 1] == ",":
                at = _skip(text, at + 1)
            elif at < len(text) and text[at] != "]":
                yield Damage(index + 1, *_place(text, at), "a comma is missing before it", False)
        index += 1
    if at >= len(text):
        yield Damage(index, *_place(text, at), "the text ends before the list does", False)


def _damage(error: Exception, index: int, text: str, at: int) -> Damage:
    if isinstance(error, json.JSONDecodeError):
        return Damage(index, *_place(text, error.pos), error.msg, True)
    # Python can't parse a number with thousands of digits, or thousands of nested brackets.
    return Damage(index, *_place(text, at), "a value too large to read", True)


def _skip(text: str, at: int) -> int:
    match = BLANK.match(text, at)
    return match.end() if match else at


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _kind(value: Any) -> str:
    names = {dict: "an object", str: "a text", type(None): "null", bool: "a truth value"}
    return names.get(type(value), "a number")
