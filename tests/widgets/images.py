"""Images as cameras and others make them."""

import io

from PIL import Image

ORIENTATION = 0x0112


def encoded(image, kind, **options):
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def sideways_photo():
    """Landscape by its pixels, and portrait by what the camera noted; the top is red."""
    image = Image.new("RGB", (800, 400), "blue")
    image.paste("red", (0, 0, 100, 400))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return encoded(image, "JPEG", exif=exif, quality=95)


def see_through_png():
    return encoded(Image.new("RGBA", (640, 320), (255, 0, 0, 0)), "PNG")


def moving_gif():
    frames = [Image.new("P", (500, 500), color) for color in (0, 1)]
    palette = [0, 255, 0, 0, 0, 255] + [0] * 762
    for frame in frames:
        frame.putpalette(palette)
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def black_png(side):
    """Of a few kilobytes, whatever its side."""
    return encoded(Image.new("1", (side, side)), "PNG")


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
