"""Schemas of the API for films."""

from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from bookmyshow.core.api.paging import PageQuery
from bookmyshow.core.api.schemas import BodyDecimal, BodyWhole, Day, In, Line, Out, Paragraphs

from .models import LONGEST_FILM, Movie
from .posters.links import validate_poster_link
from .services import MovieFacts

Filter = Annotated[Line, Field(max_length=100)]


class MovieQuery(PageQuery):
    search: Filter = Field("", description="Words of title, cast and description.")
    genre: Filter = Field("", description="A genre's name or slug.", examples=["drama"])
    language: Filter = Field("", examples=["Hindi"])
    city: Filter = Field("", description="Films with a coming show there.", examples=["Mumbai"])


def _poster(address: str, info: ValidationInfo) -> str:
    """A link to a picture, or an address of this site as in our answers (see `MovieIn.facts`)."""
    if not (info.context and _is_ours(address, info.context["request"])):
        try:
            validate_poster_link(address)
        except ValidationError as error:
            raise PydanticCustomError("poster_address", "{why}", {"why": error.message}) from error
    return address


def _is_ours(address: str, request: HttpRequest) -> bool:
    return urlsplit(address).netloc == request.get_host()


Poster = Annotated[
    Line,
    AfterValidator(_poster),
    Field(max_length=500, json_schema_extra={"format": "uri"}),
]


class MovieIn(In):
    title: Annotated[Line, Field(min_length=1, max_length=200)] = Field(examples=["Her"])
    description: Annotated[Paragraphs, Field(max_length=10_000)] | None = None
    genres: list[Annotated[Line, Field(min_length=1, max_length=60)]] | None = Field(
        None, max_length=20, examples=[["Drama", "Romance"]]
    )
    rating: Annotated[BodyDecimal, Field(ge=0, le=10, max_digits=3, decimal_places=1)] | None = (
        Field(None, examples=[8.0])
    )
    duration_minutes: Annotated[BodyWhole, Field(ge=1, le=LONGEST_FILM)] | None = Field(
        None, description="A film without one can't be scheduled.", examples=[126]
    )
    language: Annotated[Line, Field(max_length=40)] | None = Field(None, examples=["English"])
    certification: Annotated[Line, Field(max_length=20)] | None = Field(None, examples=["UA"])
    cast: list[Annotated[Line, Field(min_length=1, max_length=120)]] | None = Field(
        None, max_length=100, examples=[["Joaquin Phoenix", "Scarlett Johansson"]]
    )
    release_date: Day | None = None
    poster_url: Poster | None = Field(
        None,
        description="Another site's picture, over https; an address of this site, as answers have"
        " it, leaves the film's poster as it is.",
        examples=["https://images.example.com/her.jpg"],
    )

    def facts(self, request: HttpRequest, *, of: Movie | None = None) -> MovieFacts:
        """The facts that were sent. `of`: the film that they replace, if any."""
        poster_url = self.poster_url or ""
        if _is_ours(poster_url, request):
            poster_url = of.poster_url if of else ""
        return MovieFacts(
            title=self.title,
            description=self.description or "",
            genres=self.genres or [],
            rating=self.rating,
            duration_minutes=self.duration_minutes,
            language=self.language or "",
            certification=self.certification or "",
            cast=self.cast or [],
            release_date=self.release_date,
            poster_url=poster_url,
        )


class MovieOut(Out):
    id: int
    title: str
    slug: str
    description: str
    genre: str = Field(description="All genres, comma-joined.", examples=["Drama, Thriller"])
    genres: list[str]
    rating: float | None = Field(ge=0, le=10, examples=[7.6])
    duration_minutes: int | None
    language: str | None
    certification: str | None
    cast: list[str]
    release_date: date | None
    poster_url: str = Field(json_schema_extra={"format": "uri"})

    @classmethod
    def of(cls, movie: Movie, request: HttpRequest) -> "MovieOut":
        """Needs `genres` prefetched."""
        genres = [genre.name for genre in movie.genres.all()]
        return cls(
            id=movie.pk,
            title=movie.title,
            slug=movie.slug,
            description=movie.description,
            genre=", ".join(genres),
            genres=genres,
            rating=None if movie.rating is None else float(movie.rating),
            duration_minutes=movie.duration_minutes,
            language=movie.language or None,
            certification=movie.certification or None,
            cast=movie.cast,
            release_date=movie.release_date,
            poster_url=request.build_absolute_uri(movie.poster_src),
        )
