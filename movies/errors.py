"""Why the catalogue refuses something; codes as in the JSON API."""

from bookmyshow.core.errors import DomainError


class CatalogueError(DomainError):
    """The catalogue can't be changed like that."""


class MovieHasShows(CatalogueError):
    """Past shows count too: what was sold keeps its film."""

    code = "MOVIE_HAS_SHOWS"
    summary = "This film has shows."
    when = "Deleting a film that has shows."
    message = "This film has shows, so it can't be deleted."
