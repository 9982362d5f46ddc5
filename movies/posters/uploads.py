"""Converts uploaded posters to new JPEG files, so that metadata and hidden data are removed."""

import io
import secrets

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
#: Limited because the decoded picture of a file of a few kilobytes can need gigabytes of memory.
MOST_PIXELS = 40_000_000
#: Twice the largest size in which a page shows a poster, in pixels.
LARGEST = (1200, 1800)
SMALLEST = 100


def poster_from(upload: UploadedFile) -> ContentFile:
    """The picture as a JPEG of at most 1200 × 1800 pixels, with a random name, without metadata.

    Raises ValidationError if the file is not a JPEG, PNG or WebP, has a side shorter than SMALLEST,
    or has more than MOST_PIXELS.
    """
    try:
        upload.seek(0)
        with Image.open(upload, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(
                    f"This picture has {picture.width} × {picture.height} pixels;"
                    f" {MOST_PIXELS // 10**6} million are the most."
                )
            if min(picture.size) < SMALLEST:
                raise ValidationError(f"This picture is smaller than {SMALLEST} pixels.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError("This is no JPEG, PNG or WebP picture that can be read.") from error
    upright.thumbnail(LARGEST)
    output = io.BytesIO()
    upright.save(output, "JPEG", quality=86, optimize=True, progressive=True)
    return ContentFile(output.getvalue(), name=f"{secrets.token_hex(8)}.jpg")
