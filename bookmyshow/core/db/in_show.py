"""Models and foreign keys of what belongs to one show (docs/decisions/0023-keys-with-the-show.md).

In the database their primary key is (id, show_id), and a foreign key between them is composite. To
the ORM `id` alone is the primary key. These classes add the show to the statements that the ORM
writes, so that the one server that has the show can run each of them.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Model, QuerySet
from django.db.models.expressions import Col
from django.db.models.fields.related import ForeignKey, ForeignObject, OneToOneField
from django.db.models.lookups import Exact
from django.db.models.sql.where import WhereNode


class OfShow(Model):
    """A row that belongs to one show and never moves. The model has a foreign key `show`."""

    show_id: int
    #: For `DatabaseFeatures`, which is loaded before any model.
    belongs_to_show = True

    class Meta:
        abstract = True

    def _do_update(self, base_qs: Any, *args: Any, **kwargs: Any) -> Any:
        """`save` updates the row by its show and its id."""
        return super()._do_update(base_qs.filter(show_id=self.show_id), *args, **kwargs)

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: QuerySet[Any] | None = None,
    ) -> None:
        """Read the row again, or a deferred column of it, by its show and its id."""
        rows: Any = (
            type(self)._base_manager.using(using) if from_queryset is None else from_queryset
        )
        if "show_id" in self.__dict__:
            rows = rows.filter(show_id=self.show_id)
        super().refresh_from_db(using=using, fields=fields, from_queryset=rows)


class _InShow(ForeignObject):
    """A foreign key to a row of the same show. The composite constraint is in a migration.

    Joins compare the shows too. Reading the related row (`payment.order`) binds the show.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The ORM's own constraint would name the id alone.
        kwargs["db_constraint"] = False
        super().__init__(*args, **kwargs)

    def get_extra_restriction(self, alias: str | None, related_alias: str | None) -> Any:
        """The condition that a JOIN gets; `alias` is the table that the key points to."""
        if alias is None or related_alias is None:
            # A subquery of `exclude`, whose outer table has no name yet. It compares the ids only.
            return None
        number = models.BigIntegerField()
        theirs, ours = (
            Col(table, model._meta.get_field("show"), number)  # type: ignore[arg-type]
            for table, model in ((alias, self.remote_field.model), (related_alias, self.model))
        )
        return WhereNode([Exact(theirs, ours)])  # type: ignore[list-item]

    def get_extra_descriptor_filter(self, instance: Any) -> dict[str, Any]:
        return {} if instance.show_id is None else {"show_id": instance.show_id}

    def get_forward_related_filter(self, obj: Any) -> dict[str, Any]:
        """How `booking.admission` is read."""
        found = super().get_forward_related_filter(obj)
        return {**found, "show_id": obj.show_id}


class ForeignKeyInShow(_InShow, ForeignKey):
    """A ForeignKey to a row of the same show."""


class OneToOneInShow(_InShow, OneToOneField):
    """A OneToOneField to a row of the same show. Its unique index has the show, by a migration."""
