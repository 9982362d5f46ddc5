"""Converts cached values to bytes and back (MessagePack). The bytes never contain code.

With pickle, somebody who can write to the cache server could run code in this process. So only
these kinds of values are allowed: plain values, dates and decimals, rows of models, and dataclasses
that are marked `cacheable`. Bytes of another format or version raise Unreadable, which counts as a
miss.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, TypeVar

import msgpack
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models import ManyToManyField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.fields.files import FieldFile
from django.utils.safestring import SafeString, mark_safe
from django_redis.serializers.base import BaseSerializer

C = TypeVar("C", bound=type)

#: Every value begins with these bytes. Change them with the format; older values are then misses.
MARK = b"bms1"
#: For each code a type, the function that packs its values and the function that unpacks them. The
#: codes are part of the format.
PLAIN: dict[int, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    1: (datetime, datetime.isoformat, datetime.fromisoformat),
    2: (date, date.isoformat, date.fromisoformat),
    3: (time, time.isoformat, time.fromisoformat),
    4: (Decimal, str, Decimal),
    5: (tuple, list, tuple),
    6: (SafeString, str.__str__, mark_safe),
}
RECORD, ROW = 20, 21

_cacheable: dict[str, type] = {}


class Unreadable(ValueError):
    """The bytes are damaged, or another version of the site packed them."""


def cacheable(kind: C) -> C:
    """Class decorator: allows this dataclass in the cache. Raises TypeError for other classes.

    If the class has other fields now, an old cached value is a miss. Reading calls `__init__` with
    the cached values, so `__init__` must only store them.
    """
    if not is_dataclass(kind):
        raise TypeError(f"{kind} is not a dataclass")
    _cacheable[_name(kind)] = kind
    return kind


def pack(value: Any) -> bytes:
    """The value as bytes. Raises TypeError if its type is not allowed."""
    packed: bytes = msgpack.packb(value, default=_extend, strict_types=True)
    return MARK + packed


def unpack(packed: bytes) -> Any:
    """The value that `pack` made these bytes from. Raises Unreadable."""
    if not packed.startswith(MARK):
        raise Unreadable("the bytes have no mark of this version")
    try:
        return _unpack(memoryview(packed)[len(MARK) :])
    except Exception as error:
        # Whatever the error is, the bytes are not a value of this version.
        raise Unreadable(str(error)) from error


class Serializer(BaseSerializer):
    """The serializer that django-redis uses (settings, CACHES)."""

    def dumps(self, value: Any) -> bytes:
        return pack(value)

    def loads(self, value: bytes) -> Any:
        return unpack(value)


def _unpack(packed: bytes | memoryview) -> Any:
    return msgpack.unpackb(packed, ext_hook=_shrink, strict_map_key=False)


def _extend(value: Any) -> msgpack.ExtType:
    """A value of a type that MessagePack doesn't know, as a code and bytes."""
    for code, (kind, inward, _outward) in PLAIN.items():
        if type(value) is kind:
            return _ext(code, inward(value))
    if isinstance(value, Model):
        return _ext(ROW, _row(value))
    if is_dataclass(value) and _cacheable.get(_name(type(value))) is type(value):
        values = {field.name: getattr(value, field.name) for field in fields(value)}
        return _ext(RECORD, [_name(type(value)), values])
    raise TypeError(f"can't cache a {type(value)}; see bookmyshow.core.cache.serializer")


def _ext(code: int, value: Any) -> msgpack.ExtType:
    return msgpack.ExtType(code, msgpack.packb(value, default=_extend, strict_types=True))


def _shrink(code: int, packed: bytes) -> Any:
    value = _unpack(packed)
    if code == ROW:
        return _model(*value)
    if code == RECORD:
        name, values = value
        return _cacheable[name](**values)
    return PLAIN[code][2](value)


def _row(row: Model) -> list[Any]:
    """A row as a list: its model, values, loaded related rows, prefetched rows and annotations."""
    attributes = row.__dict__
    columns = {field.attname for field in row._meta.concrete_fields}
    links = {
        field.name: row._state.fields_cache[field.name]
        for field in row._meta.concrete_fields
        if field.name in row._state.fields_cache
    }
    prefetched = attributes.get("_prefetched_objects_cache", {})
    many = {name: list(rows) for name, rows in prefetched.items()}
    for name in many:
        _many_to_many(type(row), name)
    extra = {
        name: value
        for name, value in attributes.items()
        if name not in columns and name[0] != "_" and not _is_computed(row, name)
    }
    return [
        row._meta.label_lower,
        {name: _plain(attributes[name]) for name in columns & attributes.keys()},
        links,
        many,
        extra,
    ]


def _model(
    label: str,
    values: dict[str, Any],
    links: dict[str, Any],
    many: dict[str, list[Any]],
    extra: dict[str, Any],
) -> Model:
    """The row, built from the values of `_row` without a query.

    Like pickle, this does not call `__init__`: it is slow, and every home page reads a list of
    films.
    """
    model = _model_named(label)
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    row.__dict__ |= values | extra
    for name, linked in links.items():
        row._state.fields_cache[name] = linked
    if many:
        row._prefetched_objects_cache = {  # type: ignore[attr-defined]
            name: _prefetched(row, name, rows) for name, rows in many.items()
        }
    return row


def _prefetched(row: Model, name: str, rows: list[Any]) -> QuerySet[Any]:
    """The prefetched rows as a QuerySet. A filter on it queries the row's related rows.

    It behaves like the QuerySet of the row's manager, but is built ten times as fast.
    """
    related, back = _many_to_many(type(row), name)
    found: QuerySet[Any] = QuerySet(related)
    found._deferred_filter = (False, (), {back: row.pk})  # type: ignore[attr-defined]
    found._result_cache, found._prefetch_done = rows, True  # type: ignore[attr-defined]
    return found


@cache
def _many_to_many(model: type[Model], name: str) -> tuple[type[Model], str]:
    field = model._meta.get_field(name)
    if not isinstance(field, ManyToManyField):
        raise TypeError(f"can't cache the prefetched {name}: it is not a many-to-many field")
    return field.related_model, field.related_query_name()


@cache
def _model_named(label: str) -> type[Model]:
    return apps.get_model(label)  # noqa: TID251 (the cache accepts every model)


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, FieldFile) else value


def _is_computed(row: Model, name: str) -> bool:
    return isinstance(getattr(type(row), name, None), cached_property)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
