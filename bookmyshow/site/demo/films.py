"""All films of the demo."""

from . import films_india, films_returning, films_world
from .film import Film

FILMS: tuple[Film, ...] = films_india.FILMS + films_world.FILMS + films_returning.FILMS
