"""Small pictures of the images that people send."""

import io
import logging
import threading
from typing import IO

from django.core.files import File
from PIL import Image, ImageOps

logger = logging.getLogger(__name__)

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
CONTENT_TYPE = "image/webp"
EDGE = 320
# 96 MiB when they are decoded; beyond that an image is shown as any other file.
PIXELS_LIMIT = 24_000_000

# So that many large images at once need no more memory than one.
_one_at_a_time = threading.Lock()


def thumbnail_of(file: IO[bytes] | File, content_type: str) -> bytes | None:
    """A WebP of at most 320 by 320 pixels without any metadata, upright, of the first frame.

    None for what is no image, is broken, or is too large to be decoded.
    """
    if content_type not in FORMATS:
        return None
    file.seek(0)
    try:
        with _one_at_a_time, Image.open(file, formats=[FORMATS[content_type]]) as image:
            # Only its head was read so far.
            return _smaller(image) if image.width * image.height <= PIXELS_LIMIT else None
    except Exception:
        # A decoder may raise whatever comes to its mind, and the file itself is taken in any case.
        logger.info("An image has no thumbnail, as it could not be read")
        return None


def _smaller(image: Image.Image) -> bytes:
    image.thumbnail((EDGE, EDGE))
    upright = ImageOps.exif_transpose(image)
    has_holes = "A" in upright.mode or "transparency" in upright.info
    written = io.BytesIO()
    upright.convert("RGBA" if has_holes else "RGB").save(written, "WEBP", quality=75, exif=b"")
    return written.getvalue()
