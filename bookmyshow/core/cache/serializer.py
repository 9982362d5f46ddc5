"""Turns values of the cache into bytes and back (MessagePack). The bytes are data, never code.

With pickle, somebody who can write to the cache's server could run code here. So only what is
listed below is packed and unpacked: plain values, dates and decimals, rows of models, and
dataclasses that are marked `cacheable`. Bytes of another format or version raise Unreadable, and
readers take that for a miss.
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

#: Every value begins with it. Change it with the format: older values are a miss then.
MARK = b"bms1"
#: By code: a type, how its values are packed, and how they are unpacked. The codes are part of the
#: format.
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
    """These bytes were not packed by this version of the site."""


def cacheable(kind: C) -> C:
    """Let the cache keep values of this dataclass. Values with other fields are a miss, no error.

    Its `__init__` is called with what the cache has, so it may do nothing but keep that.
    """
    if not is_dataclass(kind):
        raise TypeError(f"{kind} is no dataclass")
    _cacheable[_name(kind)] = kind
    return kind


def pack(value: Any) -> bytes:
    """The value as bytes. Raises TypeError for one of a kind that isn't listed."""
    packed: bytes = msgpack.packb(value, default=_extend, strict_types=True)
    return MARK + packed


def unpack(packed: bytes) -> Any:
    """The value again. Raises Unreadable."""
    if not packed.startswith(MARK):
        raise Unreadable("the bytes have no mark of this version")
    try:
        return _unpack(memoryview(packed)[len(MARK) :])
    except Exception as error:
        # Any error means that the value is of another version, or is none.
        raise Unreadable(str(error)) from error


class Serializer(BaseSerializer):
    """How django-redis turns values into bytes and back (settings, CACHES)."""

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
    raise TypeError(f"the cache keeps no {type(value)}; see bookmyshow.core.cache.serializer")


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
    """A row's values, the related rows that are loaded, its prefetched rows, and annotations."""
    kept = row.__dict__
    columns = {field.attname for field in row._meta.concrete_fields}
    links = {
        field.name: row._state.fields_cache[field.name]
        for field in row._meta.concrete_fields
        if field.name in row._state.fields_cache
    }
    many = {name: list(rows) for name, rows in kept.get("_prefetched_objects_cache", {}).items()}
    for name in many:
        _many_to_many(type(row), name)
    extra = {
        name: value
        for name, value in kept.items()
        if name not in columns and name[0] != "_" and not _is_computed(row, name)
    }
    return [
        row._meta.label_lower,
        {name: _plain(kept[name]) for name in columns & kept.keys()},
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
    """The row again, as it was read. Saves nothing and asks nothing.

    Made as pickle makes it, without `__init__`: a list of films is read with every home page.
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
    """The prefetched rows as a QuerySet; a filter on it queries the row's related rows.

    The row's manager makes the same QuerySet, ten times as slowly.
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
        raise TypeError(f"the cache keeps no {name} that was prefetched")
    return field.related_model, field.related_query_name()


@cache
def _model_named(label: str) -> type[Model]:
    return apps.get_model(label)  # noqa: TID251 (any model that the cache was given)


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, FieldFile) else value


def _is_computed(row: Model, name: str) -> bool:
    return isinstance(getattr(type(row), name, None), cached_property)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
