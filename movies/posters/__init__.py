"""The poster maker."""

from .poster import draw_backdrop, draw_poster

__all__ = ["draw_backdrop", "draw_poster"]
