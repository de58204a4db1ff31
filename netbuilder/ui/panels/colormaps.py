"""Colours for values, even to the eye: equal steps in value are equal steps in lightness.

Both ramps are straight lines of lightness in Oklab (Björn Ottosson, "A perceptual color space for image processing",
2020), with hue and chroma bent for the look: night to sun for the dark theme, paper to ink for the light one.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from netbuilder.ui.theme import theme

_STEPS = 256


@cache
def ramp(name: str) -> npt.NDArray[np.uint8]:
    """Return the 256 colours of the theme of this name, `256 x 3`, from low to high."""
    at = np.linspace(0.0, 1.0, _STEPS)
    if name == "dark":
        lightness = 0.20 + 0.73 * at
        hue = np.interp(at, [0, 0.35, 0.7, 1], [282, 252, 165, 103])
        chroma = np.interp(at, [0, 0.25, 0.6, 0.85, 1], [0.045, 0.115, 0.11, 0.15, 0.155])
    else:
        lightness = 0.965 - 0.70 * at
        hue = np.interp(at, [0, 1], [258, 272])
        chroma = np.interp(at, [0, 0.3, 0.65, 1], [0.008, 0.075, 0.155, 0.11])
    return _srgb(lightness, chroma, np.deg2rad(hue))


def indices(values: npt.NDArray[np.floating], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Return where each value stands in a ramp from `low` to `high`; what is no number stands at the bottom."""
    span = high - low if high > low else 1.0
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * ((_STEPS - 1) / span)
    return np.clip(scaled + 0.5, 0, _STEPS - 1).astype(np.uint8)


def image(places: npt.NDArray[np.uint8]) -> QImage:
    """Return a picture of a `height x width` array of places in the ramp, in the colours of the theme of the moment."""
    height, width = places.shape
    stride = -(-width // 4) * 4  # QImage wants rows of whole 32-bit words
    rows = np.zeros((height, stride), dtype=np.uint8)
    rows[:, :width] = places
    picture = QImage(rows.tobytes(), width, height, stride, QImage.Format.Format_Indexed8)
    picture.setColorTable(_table(theme().name))
    return picture.copy()  # owns its bytes


@cache
def _table(name: str) -> list[int]:
    return [0xFF000000 | int(red) << 16 | int(green) << 8 | int(blue) for red, green, blue in ramp(name)]


def _srgb(
    lightness: npt.NDArray[np.float64], chroma: npt.NDArray[np.float64], hue: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        ],
        axis=1,
    ).clip(0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)
