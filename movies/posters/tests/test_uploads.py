import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from bookmyshow.core import security
from movies.posters.uploads import MOST_PIXELS, poster_from


def upload(data: bytes, name: str = "poster.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def drawn(size: tuple[int, int] = (400, 600), kind: str = "JPEG", **options: object) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, "navy").save(output, kind, **options)
    return output.getvalue()


def test_metadata_and_data_after_the_picture_are_removed() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Asha"
    data = drawn(exif=exif) + b"<script>alert(1)</script>"
    poster = poster_from(upload(data)).read()
    assert b"Camera of Asha" in data
    assert b"Camera of Asha" not in poster
    assert b"<script>" not in poster
    assert not Image.open(io.BytesIO(poster)).getexif()


def test_a_large_picture_is_scaled_and_keeps_its_proportions() -> None:
    poster = Image.open(poster_from(upload(drawn((3000, 3000)))))
    assert (poster.format, poster.size) == ("JPEG", (1200, 1200))


def test_a_picture_is_rotated_as_its_metadata_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by a quarter.
    assert Image.open(poster_from(upload(drawn((600, 400), exif=exif)))).size == (400, 600)


def test_the_uploaded_name_is_not_used() -> None:
    name = poster_from(upload(drawn(), "../../evil.php")).name
    assert name is not None
    assert "evil" not in name
    assert name.endswith(".jpg")


def bomb() -> bytes:
    """A PNG of a few bytes whose header claims more pixels than are allowed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    side = int(MOST_PIXELS**0.5) + 10
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no picture", "no JPEG, PNG or WebP"),
        (drawn(kind="GIF"), "no JPEG, PNG or WebP"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no JPEG, PNG or WebP"),
        (drawn()[:300], "no JPEG, PNG or WebP"),
        (drawn((20, 20)), "smaller than"),
        (bomb(), "million are the most"),
    ],
)
def test_files_that_are_not_posters_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        poster_from(upload(data))


@pytest.mark.django_db
def test_reading_stops_at_files_that_are_too_large(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "MOST_UPLOADED_BYTES", 100_000)
    answer = client.post("/accounts/login/", {"username": "a@b.c", "file": upload(b"x" * 300_000)})
    assert answer.wsgi_request.FILES == {}
