"""Pages of a list: `?page=1&limit=20`; a page past the end is an empty list."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel, Field

from .schemas import LARGEST_ID, Pagination, QueryWhole

M = TypeVar("M", bound=Model)


class PageQuery(BaseModel):
    """Mixed into the query parameters of every list."""

    page: Annotated[QueryWhole, Field(ge=1, le=LARGEST_ID)] = 1
    limit: Annotated[QueryWhole, Field(ge=1, le=100)] = 20


class PageOf(Generic[M]):
    """One page of a queryset, in two queries however long the list is."""

    def __init__(self, rows: "QuerySet[M, Any]", query: PageQuery) -> None:
        total = rows.count()
        begin = (query.page - 1) * query.limit
        # Far past the end the database would be asked to skip more rows than it can count.
        self.rows: Sequence[M] = list(rows[begin : begin + query.limit]) if begin < total else []
        self.pagination = Pagination(
            page=query.page, limit=query.limit, total=total, pages=ceil(total / query.limit)
        )
