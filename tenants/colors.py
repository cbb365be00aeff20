"""Any colour of a brand, made readable: the same rules as the widget's, for pages and mails."""

import re
from dataclasses import dataclass

OWN = "#3d5bd9"
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
WHITE, BLACK = "#ffffff", "#000000"
DARK_PAPER = "#1b1d22"
READABLE = 4.5
STEP = 0.05

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Accents:
    """A brand's colour, what is written on it, and what it is as text on light and dark paper."""

    brand: str
    on_brand: str
    text: str
    dark_text: str


def accents(color: str) -> Accents:
    """The product's own where there is none."""
    brand = color if COLOR.fullmatch(color) else OWN
    on_brand = max((WHITE, BLACK), key=lambda other: contrast(brand, other))
    return Accents(
        brand, on_brand, _readable(brand, WHITE, BLACK), _readable(brand, DARK_PAPER, WHITE)
    )


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, paper: str, towards: str) -> str:
    mixed, share = color, 0.0
    while contrast(mixed, paper) < READABLE and share < 1:
        share = min(1.0, share + STEP)
        mixed = _mix(color, towards, share)
    return mixed


def _mix(color: str, other: str, share: float) -> str:
    pairs = zip(_rgb(color), _rgb(other), strict=True)
    return "#" + "".join(f"{round(255 * (a + (b - a) * share)):02x}" for a, b in pairs)


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(color: str) -> Rgb:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue
