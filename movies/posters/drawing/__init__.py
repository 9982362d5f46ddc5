"""Draws a poster and a backdrop for every film, in the style of mid-century film posters.

``draw_poster`` and ``draw_backdrop`` are pure functions of a film's title, genres and year. The
same film gives the same SVG on every machine: random choices are seeded with a hash of title and
year (``seeded_random``).

A poster is made in these steps, one module each:

``genres``    gives the weights of the compositions, and the moods, that suit the film's genres
``inks``      chooses a palette of four inks for the mood, and each ink's role; computes contrast
``design``    chooses the palette and the composition; nothing is drawn yet
``titling``   breaks the title into lines and fits them; ``typeface`` has the letters' outlines
``layout``    places the title below, above or beside the composition, or on a plate over it (a
              flat rectangle)
``families``  has the functions that draw the compositions, each on a ``canvas`` of any size
``poster``    makes the SVG: composition, flat area behind the title, title, small line

One rule makes titles legible: the area behind a title has one colour, and its contrast with the
title's colour is at least 4.5:1. Titles are drawn as outlines because an SVG in an ``<img>`` can't
load a web font. The outlines are in ``typeface.json``, which ``build_typeface`` makes.

To add a composition, write a function that takes a ``Canvas`` in a module of ``families``. Add it
to the module's ``FAMILIES``, and its name to suitable genres in ``genres``. Films of those genres
may then get a different poster.
"""

from .poster import draw_backdrop, draw_poster

__all__ = ["draw_backdrop", "draw_poster"]
