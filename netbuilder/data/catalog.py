"""The data sets that travel with the program: scikit-learn's own, small and real, and some that are made.

Free of torch and of scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

from netbuilder.data.config import DataConfig, DataField, SplitConfig
from netbuilder.diagnostics import NetbuilderError


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that can be chosen. `normalize` are the fields that are normalised unless the user says otherwise."""

    name: str
    title: str
    description: str
    samples: int
    fields: dict[str, DataField]
    normalize: tuple[str, ...]

    @property
    def label(self) -> str | None:
        """The field with one class for each sample, if there is one."""
        return next((name for name, field in self.fields.items() if field.classes and not field.shape), None)


def _table(features: int) -> DataField:
    return DataField(shape=(features,), dtype="float32")


def _label(*classes: str) -> DataField:
    return DataField(shape=(), dtype="int64", classes=classes)


def _tokens(length: int, names: tuple[str, ...]) -> DataField:
    return DataField(shape=(length,), dtype="int64", classes=names)


CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))
"""What text is made of, by token number."""
SHAPES = ("background", "circle", "square", "triangle")
DATE_CHARACTERS = " 0123456789-ADFJMNOSabceghilmnoprstuvy"
"""Space, which also fills up, and what dates are written with, by token number."""
NOISE = 16
"""Random numbers beside a digit."""
WINDOW, WRITTEN_DATE, ISO_DATE = 64, 17, 10
"""Tokens in a sample of text, in a date as people write it, and as machines do."""

_DATE_TOKENS = tuple(DATE_CHARACTERS)
_IMAGE = DataField(shape=(1, 8, 8), dtype="float32")

_ALL = (
    Source(
        "digits",
        "Handwritten digits",
        "1,797 handwritten digits as 8 × 8 grey images. Which digit is it?",
        1797,
        {"image": _IMAGE, "label": _label(*"0123456789")},
        ("image",),
    ),
    Source(
        "iris",
        "Iris flowers",
        "150 flowers, four measurements of petals and sepals each. Which of three species is it?",
        150,
        {"features": _table(4), "label": _label("setosa", "versicolor", "virginica")},
        ("features",),
    ),
    Source(
        "wine",
        "Wine",
        "178 Italian wines, 13 chemical measurements each. Which of three grapes is in it?",
        178,
        {"features": _table(13), "label": _label("class_0", "class_1", "class_2")},
        ("features",),
    ),
    Source(
        "breast_cancer",
        "Breast cancer",
        "569 tumours, 30 measurements of cell nuclei each. Malignant or benign?",
        569,
        {"features": _table(30), "label": _label("malignant", "benign")},
        ("features",),
    ),
    Source(
        "diabetes",
        "Diabetes",
        "442 patients, ten measurements each. How far will the disease go within a year, from 25 to 346?",
        442,
        {"features": _table(10), "target": DataField(shape=(1,), dtype="float32")},
        ("features",),
    ),
    Source(
        "digit_pairs",
        "Pairs of digits",
        "4,000 pairs of handwritten digits. Are both the same digit, and what do they add up to?",
        4000,
        {
            "left": _IMAGE,
            "right": _IMAGE,
            "same": _label("different", "same"),
            "sum": _label(*map(str, range(19))),
        },
        ("left", "right"),
    ),
    Source(
        "digits_and_noise",
        "Digits and noise",
        "1,797 handwritten digits, each beside 16 random numbers. What is a digit that nobody wrote?",
        1797,
        {"image": _IMAGE, "noise": DataField(shape=(NOISE,), dtype="float32")},
        ("image",),
    ),
    Source(
        "shapes",
        "Drawn shapes",
        "1,200 pictures of circles, squares and triangles. Which pixel belongs to what?",
        1200,
        {
            "image": DataField(shape=(1, 32, 32), dtype="float32"),
            "mask": DataField(shape=(32, 32), dtype="int64", classes=SHAPES),
        },
        ("image",),
    ),
    Source(
        "python_text",
        "Python's own source",
        "4,096 pieces of the standard library's source, 64 characters each. Which character comes next?",
        4096,
        {"text": _tokens(WINDOW, tuple(CHARACTERS)), "next": _tokens(WINDOW, tuple(CHARACTERS))},
        (),
    ),
    Source(
        "dates",
        "Dates in words",
        "6,000 dates as people write them. How does a machine write each?",
        6000,
        {
            "written": _tokens(WRITTEN_DATE, _DATE_TOKENS),
            "answer_before": _tokens(ISO_DATE, (*_DATE_TOKENS, "start")),
            "answer": _tokens(ISO_DATE, _DATE_TOKENS),
        },
        (),
    ),
)

SOURCES: dict[str, Source] = {source.name: source for source in _ALL}


def source(name: str) -> Source:
    """Return the data set of this name. Raises `NetbuilderError` where there is none."""
    if name not in SOURCES:
        raise NetbuilderError(f"There is no data set “{name}”; there are {', '.join(SOURCES)}.")
    return SOURCES[name]


def default_config(name: str) -> DataConfig:
    """Return the data section that a new project gets for this data set."""
    chosen = source(name)
    return DataConfig(
        source=name,
        fields=chosen.fields,
        normalize=dict.fromkeys(chosen.normalize, "standard"),
        split=SplitConfig(stratify=chosen.label),
    )
