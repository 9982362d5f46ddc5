"""Errors of the catalogue, with the codes of the JSON API."""

from bookmyshow.core.errors import DomainError


class CatalogueError(DomainError):
    """Base class of the errors of the catalogue."""


class MovieHasShows(CatalogueError):
    """The film has shows, perhaps only past ones. It is kept: tickets for the shows need it."""

    code = "MOVIE_HAS_SHOWS"
    summary = "This film has shows."
    when = "Deleting a film that has shows."
    message = "This film has shows, so it can't be deleted."
