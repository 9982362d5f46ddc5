"""Draws a poster and a backdrop for every film, in the style of mid-century film posters.

``draw_poster`` and ``draw_backdrop`` are pure functions of a film's title, genres and year. The
same film gives the same SVG on every machine: random choices are seeded with a hash of title and
year (``seeded_random``).

A poster is made in these steps, one module each:

``genres``    gives weights to composition families and moods by the film's genres
``inks``      chooses a palette of four inks for the mood, and each ink's role; computes contrast
``design``    combines the palette and the family; nothing is drawn yet
``titling``   breaks the title into lines and fits them; ``typeface`` has the letters' outlines
``layout``    places the title below, above or beside the composition, or on a plate over it
``families``  has the compositions; each draws on a ``canvas`` of any size
``poster``    makes the SVG: composition, flat area behind the title, title, small line

One rule makes titles legible: a title is on a flat area of one ink, and its own ink has a contrast
of at least 4.5:1 with it. Titles are drawn as outlines because an SVG in an ``<img>`` loads no web
font; ``build_typeface`` makes ``typeface.json``.

To add a family, write a function that takes a ``Canvas`` in a module of ``families``, add it to the
module's ``FAMILIES``, and add its name to suitable genres in ``genres``. Films of those genres may
then get another poster.
"""

from .poster import draw_backdrop, draw_poster

__all__ = ["draw_backdrop", "draw_poster"]
