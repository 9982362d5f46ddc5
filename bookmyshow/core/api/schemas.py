"""The envelope, and the types for the fields of bodies, queries and answers."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

T = TypeVar("T")

LARGEST_ID = 2**63 - 1
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
WITHOUT_CONTROL = r"^[^\u0000-\u001f\u007f-\u009f]*$"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WHOLE = re.compile(r"-?[0-9]{1,40}")


class In(BaseModel):
    """A body, in camelCase; fields that it doesn't know are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class Out(BaseModel):
    """An answer, in camelCase; every field is always there."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class Answer(Out, Generic[T]):
    success: Literal[True] = True
    data: T


class Pagination(Out):
    page: int = Field(examples=[1])
    limit: int = Field(examples=[20])
    total: int = Field(description="Items on all pages.", examples=[42])
    pages: int = Field(description="Pages in all, 0 when there is no item.", examples=[3])


class List(Out, Generic[T]):
    success: Literal[True] = True
    data: list[T]
    pagination: Pagination


class ProblemError(Out):
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: str = Field(description="Stable, for programs.", examples=["NOT_FOUND"])
    message: str = Field(description="For a person.", examples=["There is no such film."])
    details: dict[str, Any] | None = Field(
        None,
        description="VALIDATION_ERROR: messages by field; SEATS_UNAVAILABLE: the seats lost;"
        " SERVER_ERROR and SERVICE_UNAVAILABLE: the id under which it was logged.",
    )


class Problem(Out):
    success: Literal[False] = False
    error: ProblemError


def _plain(text: str) -> str:
    if CONTROL.search(text):
        raise PydanticCustomError("control_characters", "Control characters are not allowed.")
    return text


def _paragraphs(text: str) -> str:
    if CONTROL_BUT_LINES.search(text):
        raise PydanticCustomError("control_characters", "Control characters are not allowed.")
    return text.strip()


def _line(text: str) -> str:
    return _plain(text).strip()


def _day(value: Any) -> Any:
    # By default pydantic reads numbers as seconds since 1970.
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise PydanticCustomError("date_form", "Use a date such as 2026-01-31.")
    return value


def _whole(value: Any) -> Any:
    if not isinstance(value, str) or not WHOLE.fullmatch(value):
        raise PydanticCustomError("whole_number", "Use a whole number.")
    return int(value)


def _json_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "Use a number.")
    return value


_pattern = Field(json_schema_extra={"pattern": WITHOUT_CONTROL})

# Text as it was typed (for passwords), one line of text, and several lines.
Verbatim = Annotated[str, Field(strict=True), AfterValidator(_plain), _pattern]
Line = Annotated[str, Field(strict=True), AfterValidator(_line), _pattern]
Paragraphs = Annotated[str, Field(strict=True), AfterValidator(_paragraphs)]
Day = Annotated[date, BeforeValidator(_day)]

BodyId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID, examples=[7])]
BodyWhole = Annotated[int, Field(strict=True)]
# A number or its text ("350.00"). Floats are read from their shortest text: 0.1 is Decimal("0.1").
BodyDecimal = Annotated[Decimal, BeforeValidator(_json_number)]
# In URLs every whole number is accepted. If no row has it, the answer is 404.
PathId = Annotated[int, BeforeValidator(_whole), Field(json_schema_extra={"minimum": 1})]
QueryId = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=LARGEST_ID)]
QueryWhole = Annotated[int, BeforeValidator(_whole)]

Money = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$", "examples": ["350.00"]}),
]
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.isoformat(timespec="seconds"), return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-01-31T19:30:00+05:30"]}
    ),
]
