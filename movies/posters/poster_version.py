"""The version of the drawing code: a hash of all .py and .json files in `drawing/`."""

import hashlib
from pathlib import Path


def _digest() -> str:
    drawing = Path(__file__).parent / "drawing"
    sources = sorted(path for path in drawing.rglob("*") if path.suffix in {".py", ".json"})
    return hashlib.blake2b(b"".join(map(Path.read_bytes, sources)), digest_size=4).hexdigest()


#: Part of each picture's address and cache key, so that no cache shows an old drawing.
POSTER_VERSION = _digest()
