"""Signals of the catalogue, in addition to those of Django."""

from django.dispatch import Signal

#: Sent inside the transaction after a bulk write of films, which sends no `post_save`.
films_imported = Signal()
