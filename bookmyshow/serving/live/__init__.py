"""Pushes seat maps to open pages: `python -m bookmyshow.serving.live` (docs/spec.md §23).

One process, one thread for all streams (uvicorn, uvloop), and two that read seats. `seatmap.forget`
publishes the id of a changed show; `subscription` hears it; the show (`show.WatchedShow`) reads its
seats once, however many watch, and writes the same bytes to all of its streams (`events`).
"""
