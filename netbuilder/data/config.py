"""What the data section of a project may hold: which data, its fields, how it is normalised and split.

Free of torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from netbuilder.blocks.spec import Count, as_tuple
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.model import thaw

PARTS = ("train", "validation", "test")
"""The parts that a data set is split into."""

_Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DataField(_Section):
    """One named tensor of a data set: the shape of one sample, its type and, for labels, the names of the classes."""

    shape: Annotated[tuple[Count, ...], as_tuple, Field(max_length=7)]
    dtype: Literal["float32", "int64"]
    classes: Annotated[tuple[str, ...], as_tuple] = ()

    @model_validator(mode="after")
    def _check_classes(self) -> DataField:
        if self.classes and self.dtype != "int64":
            raise ValueError("only an int64 field can have classes")
        return self


class SplitConfig(_Section):
    """The shares of the three parts, the seed that deals samples out, and the label whose classes keep their shares."""

    train: _Share = 0.7
    validation: _Share = 0.15
    test: _Share = 0.15
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    stratify: str | None = None

    @model_validator(mode="after")
    def _check_sum(self) -> SplitConfig:
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"train, validation and test have to add up to 1, and make {total:g}")
        return self


class DataConfig(_Section):
    """The data section.

    `normalize` names the fields that are brought to mean 0 and deviation 1 over the training part.
    """

    source: str
    fields: dict[str, DataField]
    normalize: dict[str, Literal["standard"]] = {}
    split: SplitConfig = SplitConfig()

    @model_validator(mode="after")
    def _check_names(self) -> DataConfig:
        for name in self.normalize:
            if name not in self.fields:
                raise ValueError(f"normalize names “{name}”, which is not a field")
            if self.fields[name].dtype != "float32":
                raise ValueError(f"“{name}” holds whole numbers, which can't be normalised")
        label = self.split.stratify
        if label is not None and (label not in self.fields or not self.fields[label].classes):
            raise ValueError(f"split.stratify names “{label}”, which is not a field with classes")
        return self

    def section(self) -> dict[str, Any]:
        """Return this as the JSON object that a project holds."""
        section = self.model_dump(mode="json")
        for field in section["fields"].values():
            if not field["classes"]:
                del field["classes"]
        return section


def read(section: Mapping[str, Any]) -> DataConfig:
    """Return the data section of a project, checked. Raises `NetbuilderError` with the first thing that is wrong."""
    if not section:
        raise NetbuilderError("This project has no data to train on: choose a data set first.")
    try:
        return DataConfig.model_validate(thaw(section))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ").replace("Input should", "the value should")
        raise NetbuilderError(f"The data section can't be used{place and f' at {place}'}: {message}.") from None
