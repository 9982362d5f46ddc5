"""The poster maker: a sheet for every film, in the manner of mid-century film posters.

``draw_poster`` and ``draw_backdrop`` are pure functions of a film's title, genres and year. The
same film gives the same SVG on any machine: chance comes from a hash of title and year (``dice``).

How a poster comes about, a module each:

``genres``    the genres weigh which composition families and moods suit the film
``inks``      a palette of four inks in that mood, and the roles they take; contrast
``design``    palette and family chosen, nothing drawn yet
``titling``   the title broken into lines and fitted; ``typeface`` holds the outlines
``layout``    below or above the composition, up a side, or on a plate over it
``families``  the compositions, each drawing a ``canvas`` of any size its own way
``poster``    the print: composition, the title's flat field, outlines, a small line

Legibility rests on one rule: a title stands on a flat field of one ink and is set in another of at
least 4.5:1 against it. Titles are set as outlines, since an SVG in an ``<img>`` loads no web font;
``build_typeface`` says how ``typeface.json`` is made.

To add a family: write a function of a ``Canvas`` in a module of ``families``, list it in the
module's ``FAMILIES`` and name it in ``genres`` where it fits. Every existing film of those genres
may get another poster by that.
"""

from .poster import draw_backdrop, draw_poster

__all__ = ["draw_backdrop", "draw_poster"]
