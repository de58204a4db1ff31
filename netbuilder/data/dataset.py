# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (torch and scikit-learn leave these types out)
"""A data set in memory, where it is trained on.

1. The arrays of the source are read, and the fields that the project declares are compared with them.
2. The samples are dealt out to train, validation and test, by the seed alone.
3. Normalisation is fitted on the training part and applied to all three.
4. Everything moves to the device once; batches are then cut from it by index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from netbuilder.data import catalog, made
from netbuilder.data.config import PARTS, DataConfig, DataField, SplitConfig
from netbuilder.diagnostics import NetbuilderError

Arrays = dict[str, npt.NDArray[Any]]
Preprocessing = dict[str, dict[str, list[float]]]
"""By field, what makes raw values into network inputs: (value - subtract) / divide, one number or one a feature."""


@dataclass(frozen=True, slots=True)
class Split:
    """One part of a data set: tensors of equal length, `N × shape`, by field."""

    fields: Mapping[str, torch.Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set, normalised, split, and resident on one device."""

    splits: Mapping[str, Split]
    preprocessing: Preprocessing
    classes: dict[str, list[str]]

    def split(self, part: str) -> Split:
        """Return "train", "validation" or "test". Raises `NetbuilderError` for any other part."""
        if part not in self.splits:
            raise NetbuilderError(f"There is no part “{part}” of the data; there are {', '.join(PARTS)}.")
        return self.splits[part]


def load(config: DataConfig, device: torch.device) -> DataSet:
    """Return the data set on the device. Raises `NetbuilderError` where the data isn't what the project says it is."""
    arrays = _read(config)
    for name, field in config.fields.items():
        _check_labels(name, field, arrays[name])
    label = config.split.stratify
    rows = deal(config.split, len(next(iter(arrays.values()))), arrays[label] if label else None)
    preprocessing = {name: _fit(arrays[name][rows["train"]]) for name in config.normalize}
    for name, constants in preprocessing.items():
        arrays[name] = _standardize(arrays[name], constants)
    return DataSet(
        {
            part: Split({name: torch.from_numpy(array[rows[part]]).to(device) for name, array in arrays.items()})
            for part in PARTS
        },
        preprocessing,
        {name: list(field.classes) for name, field in config.fields.items() if field.classes},
    )


# Step 1


def _read(config: DataConfig) -> Arrays:
    """Return the source's arrays for the project's fields, each of which has to be just what the project says."""
    source = catalog.source(config.source)
    if not config.fields:
        raise NetbuilderError(f"The project uses no field of “{source.name}”; it has {', '.join(source.fields)}.")
    for name, field in config.fields.items():
        if name not in source.fields:
            known = ", ".join(source.fields)
            raise NetbuilderError(f"The data set “{source.name}” has no field “{name}”; it has {known}.")
        difference = _difference(field, source.fields[name])
        if difference:
            raise NetbuilderError(f"The field “{name}” of “{source.name}” has {difference}.")
    arrays = _READERS[source.name]()
    return {name: arrays[name] for name in config.fields}


def _difference(declared: DataField, real: DataField) -> str:
    """Say what the data has and what the project says instead, or nothing where they agree."""
    if declared.shape != real.shape:
        return f"samples of shape {_shape(real.shape)}, and the project says {_shape(declared.shape)}"
    if declared.dtype != real.dtype:
        return f"{real.dtype} values, and the project says {declared.dtype}"
    if len(declared.classes) != len(real.classes):
        return f"{len(real.classes)} classes, and the project says {len(declared.classes)}"
    for place, (said, name) in enumerate(zip(declared.classes, real.classes, strict=True)):
        if said != name:
            return f"“{name}” as class {place}, and the project says “{said[:60]}”"
    return ""


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _check_labels(name: str, field: DataField, values: npt.NDArray[Any]) -> None:
    """Refuse a label that is no class: on a GPU it would take the whole process down."""
    if field.classes and (values.min() < 0 or values.max() >= len(field.classes)):
        wrong = values.min() if values.min() < 0 else values.max()
        highest = len(field.classes) - 1
        raise NetbuilderError(f"A label in “{name}” is {wrong}, and the {highest + 1} classes are 0 to {highest}.")


def _digits() -> Arrays:
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return {"image": digits.images[:, np.newaxis].astype(np.float32), "label": digits.target.astype(np.int64)}


def _diabetes() -> Arrays:
    from sklearn.datasets import load_diabetes

    # scikit-learn's own scaling is fitted on all samples, the test part among them: take the raw measurements
    diabetes: Any = load_diabetes(scaled=False)
    return {
        "features": diabetes.data.astype(np.float32),
        "target": diabetes.target[:, np.newaxis].astype(np.float32),
    }


def _table(name: str) -> Callable[[], Arrays]:
    def read() -> Arrays:
        from sklearn import datasets

        table: Any = getattr(datasets, f"load_{name}")()
        return {"features": table.data.astype(np.float32), "label": table.target.astype(np.int64)}

    return read


_READERS: dict[str, Callable[[], Arrays]] = {
    "digits": _digits,
    "iris": _table("iris"),
    "wine": _table("wine"),
    "breast_cancer": _table("breast_cancer"),
    "diabetes": _diabetes,
    "digit_pairs": lambda: made.pairs(_digits()),
    "digits_and_noise": lambda: made.beside_noise(_digits()),
    "shapes": made.shapes,
    "python_text": made.text,
    "dates": made.dates,
}


# Step 2


def deal(
    config: SplitConfig, samples: int, labels: npt.NDArray[np.int64] | None = None
) -> dict[str, npt.NDArray[np.intp]]:
    """Deal sample numbers out to the three parts, in random order; with labels each class keeps its share in each part.

    `RandomState` is frozen for good, so a seed means the same split with every version of numpy.
    """
    random = np.random.RandomState(config.seed)
    groups = [np.arange(samples)] if labels is None else [np.flatnonzero(labels == each) for each in np.unique(labels)]
    dealt: dict[str, list[npt.NDArray[np.intp]]] = {part: [] for part in PARTS}
    for group in groups:
        first, second = np.rint(np.cumsum([config.train, config.validation]) * len(group)).astype(int)
        for part, rows in zip(PARTS, np.split(random.permutation(group), [first, second]), strict=True):
            dealt[part].append(rows)
    rows = {part: random.permutation(np.concatenate(dealt[part])) for part in PARTS}
    for part, chosen in rows.items():
        if not len(chosen):
            raise NetbuilderError(f"The {part} part would be empty: {getattr(config, part):g} of {samples} samples.")
    return rows


# Step 3


def _fit(values: npt.NDArray[np.float32]) -> dict[str, list[float]]:
    """Return mean and deviation: of each feature of a vector, of all pixels of an image together."""
    axes = (0,) if values.ndim == 2 else None
    mean = np.atleast_1d(values.mean(axes, dtype=np.float64)).astype(np.float32)
    deviation = np.atleast_1d(values.std(axes, dtype=np.float64)).astype(np.float32)
    # a feature that never changes is all rounding error after the subtraction: leave it near 0 instead of blowing it up
    deviation[deviation <= 1e-6 * np.abs(mean)] = 1.0
    return {"subtract": mean.tolist(), "divide": deviation.tolist()}


def _standardize(values: npt.NDArray[np.float32], constants: dict[str, list[float]]) -> npt.NDArray[np.float32]:
    subtract, divide = (np.asarray(constants[key], dtype=np.float32) for key in ("subtract", "divide"))
    return (values - subtract) / divide
