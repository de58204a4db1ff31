"""The projects that come with the program: the start page's gallery and `netbuilder examples`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netbuilder import assets
from netbuilder.diagnostics import NetbuilderError


@dataclass(frozen=True, slots=True)
class Example:
    """A project in the examples' folder, ready to train."""

    name: str
    title: str
    description: str

    @property
    def path(self) -> Path:
        """The project file."""
        return assets.examples() / f"{self.name}.netb"


_EXAMPLES = (
    Example("digits_cnn", "Digits, convolutional", "Reads handwritten digits with two convolutions."),
    Example("iris_mlp", "Iris flowers", "Tells three kinds of iris apart by four measurements."),
    Example("wine_mlp", "Wine cultivars", "Finds the grape behind a wine from its chemistry."),
    Example("breast_cancer_mlp", "Breast cancer", "Tells malignant from benign tumours by cell measurements."),
    Example("diabetes_regression", "Diabetes progression", "Predicts a number: how far the disease goes in a year."),
    Example("digits_autoencoder", "Digits, autoencoder", "Squeezes an image through a few numbers and draws it again."),
    Example("digits_lstm", "Digits, row by row", "Reads an image as a sequence of rows with an LSTM."),
    Example("digits_transformer", "Digits, attention", "Lets the rows of an image look at one another."),
)


def examples() -> tuple[Example, ...]:
    """Return all examples, the best one to begin with first."""
    return _EXAMPLES


def find(name: str) -> Example:
    """Return the example of this name; `NetbuilderError` names those that there are."""
    for example in _EXAMPLES:
        if example.name == name:
            return example
    raise NetbuilderError(f"There is no example “{name}”; there are {', '.join(each.name for each in _EXAMPLES)}.")
