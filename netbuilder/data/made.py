"""Data sets that are made rather than read: from the digits, from the text that every Python carries, or drawn.

Each is the same on every machine: what is random comes from numpy's `RandomState`, which is frozen for good. Only the
text follows the version of Python.
"""

from __future__ import annotations

import sysconfig
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from netbuilder.data.catalog import CHARACTERS, DATE_CHARACTERS, ISO_DATE, NOISE, SHAPES, SOURCES, WINDOW, WRITTEN_DATE
from netbuilder.diagnostics import NetbuilderError

Arrays = dict[str, npt.NDArray[Any]]

_MODULES = (
    *("argparse", "ast", "collections/__init__", "configparser", "csv"),
    *("datetime", "difflib", "doctest", "inspect", "json/decoder"),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SIDE = 32
_START = len(DATE_CHARACTERS)
"""The token before the first character of an answer."""


def text() -> Arrays:
    """Cut the source of the standard library into windows: `text` is `N × 64` tokens, `next` the token after each."""
    windows = SOURCES["python_text"].samples
    library = Path(sysconfig.get_paths()["stdlib"])
    try:
        whole = "\n".join((library / f"{name}.py").read_text("utf-8") for name in _MODULES)
    except OSError as error:
        raise NetbuilderError(
            f"This Python comes without the source of its library: {error.filename} is missing."
        ) from None
    numbers = {character: number for number, character in enumerate(CHARACTERS)}
    tokens = np.array([numbers[character] for character in whole if character in numbers], dtype=np.int64)
    tokens = np.resize(tokens, windows * WINDOW + 1)
    return {"text": tokens[:-1].reshape(windows, WINDOW), "next": tokens[1:].reshape(windows, WINDOW)}


def shapes() -> Arrays:
    """Draw one to three shapes on a noisy ground.

    `image` is `N × 1 × 32 × 32`; `mask` says what each pixel belongs to.
    """
    pictures = SOURCES["shapes"].samples
    random = np.random.RandomState(0)
    images = random.normal(0.0, 0.15, (pictures, 1, _SIDE, _SIDE)).astype(np.float32)
    masks = np.zeros((pictures, _SIDE, _SIDE), dtype=np.int64)
    y, x = np.mgrid[:_SIDE, :_SIDE]
    for image, mask in zip(images, masks, strict=True):
        for _ in range(random.randint(1, 4)):
            kind, size = random.randint(1, len(SHAPES)), random.randint(4, 9)
            row, column = random.randint(size, _SIDE - size, 2)
            down, across = y - row, x - column
            inside = (
                down**2 + across**2 <= size**2,
                np.maximum(abs(down), abs(across)) <= 0.8 * size,
                (abs(across) <= (down + size) / 2) & (down <= size),
            )[kind - 1] & (down >= -size)
            image[0][inside] += random.uniform(0.6, 1.2)
            mask[inside] = kind
    return {"image": images, "mask": masks}


def pairs(digits: Arrays) -> Arrays:
    """Put digits side by side, every other pair of a kind: `same` says whether it is, `sum` what both add up to."""
    count = SOURCES["digit_pairs"].samples
    random = np.random.RandomState(0)
    labels = digits["label"]
    left = random.randint(0, len(labels), count)
    right = random.randint(0, len(labels), count)
    alike = [random.choice(np.flatnonzero(labels == labels[one])) for one in left[::2]]
    right[::2] = alike
    return {
        "left": digits["image"][left],
        "right": digits["image"][right],
        "same": (labels[left] == labels[right]).astype(np.int64),
        "sum": labels[left] + labels[right],
    }


def beside_noise(digits: Arrays) -> Arrays:
    """Put `noise` beside each `image`: `N × 16` normal numbers, of mean 0 and deviation 1."""
    images = digits["image"]
    noise = np.random.RandomState(0).standard_normal((len(images), NOISE)).astype(np.float32)
    return {"image": images, "noise": noise}


def dates() -> Arrays:
    """Write dates as people do, `written`, and as machines do: `answer`; `answer_before` is the same one step later."""
    count = SOURCES["dates"].samples
    random = np.random.RandomState(0)
    days = [date(1950, 1, 1) + timedelta(days=int(day)) for day in random.randint(0, 36_500, count)]
    forms: tuple[str, ...] = (
        "{day} {month} {year}",
        "{month} {day} {year}",
        "{day} {short} {year}",
        "{short} {day} {year}",
    )
    chosen: list[int] = random.randint(0, len(forms), count).tolist()
    written = [
        forms[form].format(day=day.day, month=_MONTHS[day.month - 1], short=_MONTHS[day.month - 1][:3], year=day.year)
        for day, form in zip(days, chosen, strict=True)
    ]
    answer = _date_tokens([day.isoformat() for day in days], ISO_DATE)
    before = np.concatenate([np.full((count, 1), _START), answer[:, :-1]], axis=1)
    return {"written": _date_tokens(written, WRITTEN_DATE), "answer_before": before, "answer": answer}


def _date_tokens(texts: list[str], length: int) -> npt.NDArray[np.int64]:
    rows = [[DATE_CHARACTERS.index(character) for character in text.ljust(length)] for text in texts]
    return np.array(rows, dtype=np.int64)
