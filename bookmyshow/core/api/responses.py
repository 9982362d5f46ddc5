"""Makes the HTTP responses of endpoints."""

from collections.abc import Sequence

from django.http import HttpResponse
from pydantic import BaseModel

from .schemas import Pagination

JSON = "application/json; charset=utf-8"
# Shared caches may store it, but must ask each time whether it is current (ETag).
PUBLIC = "public, no-cache"


def respond(body: BaseModel, status: int = 200) -> HttpResponse:
    """The body as JSON; no envelope is added. Fields that are None are left out."""
    return HttpResponse(
        body.model_dump_json(by_alias=True, exclude_none=True), status=status, content_type=JSON
    )


def answer(data: BaseModel, status: int = 200, *, public: bool = False) -> HttpResponse:
    """`data` in the envelope. `public`: the same for everyone, so that caches may keep it."""
    text = data.model_dump_json(by_alias=True)
    return _enveloped(f'"data":{text}', status, public)


def answer_list(
    rows: Sequence[BaseModel], pagination: Pagination, *, public: bool = False
) -> HttpResponse:
    """A page of a list in the envelope."""
    return text_answer(list_text(rows, pagination), public=public)


def list_text(rows: Sequence[BaseModel], pagination: Pagination) -> str:
    """The envelope's members `data` and `pagination` as JSON text, which can be cached."""
    texts = ",".join(row.model_dump_json(by_alias=True) for row in rows)
    return f'"data":[{texts}],"pagination":{pagination.model_dump_json(by_alias=True)}'


def text_answer(members: str, *, public: bool = False) -> HttpResponse:
    """The response with the members that `list_text` returned."""
    return _enveloped(members, 200, public)


def _enveloped(members: str, status: int, public: bool) -> HttpResponse:
    response = HttpResponse(f'{{"success":true,{members}}}', status=status, content_type=JSON)
    if public:
        response["Cache-Control"] = PUBLIC
    return response
