"""Pages of lists: `?page=1&limit=20`. A page after the last one is an empty list."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel, Field

from .schemas import LARGEST_ID, Pagination, QueryWhole

M = TypeVar("M", bound=Model)


class PageQuery(BaseModel):
    """The query parameters that every list has."""

    page: Annotated[QueryWhole, Field(ge=1, le=LARGEST_ID)] = 1
    limit: Annotated[QueryWhole, Field(ge=1, le=100)] = 20


class PageOf(Generic[M]):
    """One page of a queryset. It takes two queries at most: a count and the rows."""

    def __init__(self, rows: "QuerySet[M, Any]", query: PageQuery) -> None:
        total = rows.count()
        begin = (query.page - 1) * query.limit
        # No query for a page after the last one: PostgreSQL would refuse a huge OFFSET.
        self.rows: Sequence[M] = list(rows[begin : begin + query.limit]) if begin < total else []
        self.pagination = Pagination(
            page=query.page, limit=query.limit, total=total, pages=ceil(total / query.limit)
        )
