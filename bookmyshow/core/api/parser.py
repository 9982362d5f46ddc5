"""Parses requests strictly: unreadable input is refused with an error."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from bookmyshow.core.errors import InvalidInput

from .errors import PayloadTooLarge, UnsupportedMediaType

MAX_BODY_BYTES = 256 * 1024


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        """The JSON of the body. Raises InvalidInput, PayloadTooLarge, UnsupportedMediaType."""
        if request.content_type != "application/json":
            raise UnsupportedMediaType
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge
        try:
            return json.loads(request.body.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("The body is no JSON that can be read.") from error

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The query's values by name. Raises InvalidInput if a name is given twice."""
        values: dict[str, Any] = {}
        for name, given in data.lists():
            if len(given) > 1:
                raise InvalidInput(
                    "A query value is given twice.",
                    details={_printable(name): ["Give it once."]},
                )
            values[name] = given[0]
        return values


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity: `json.loads` accepts them, but they are not JSON."""
    raise ValueError(f"{name} is no JSON")


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:40]
