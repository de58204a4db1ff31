"""Where data enters and results leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from netbuilder.blocks.spec import BATCH, Block, Mismatch, Port, Shape, TensorSpec, param
from netbuilder.blocks.windows import times


class Input(Block):
    """Feed one field of the data set into the network, a batch at a time.

    Output: `N × shape`, with N the batch. Bound to a field of the project's data, it takes shape and type from there;
    unbound, from its own parameters, which is enough to design, count and export a network without data.
    """

    category = "Input and output"
    aliases = ("data", "source", "placeholder", "image", "label")
    role = "input"
    inputs = ()

    field: str = param("", help="Field of the data set; empty for none, then shape and dtype below hold.")
    shape: Shape = param((1, 8, 8), help="Sizes of one sample, without the batch.")
    dtype: Literal["float32", "int64"] = param(
        "float32", help="float32 for measurements, int64 for class labels and tokens."
    )

    def spec(self, fields: Mapping[str, TensorSpec]) -> TensorSpec:
        """Return what this input delivers, given the fields of the data; `Mismatch` if its field isn't among them."""
        if not self.field:
            return TensorSpec((BATCH, *self.shape), self.dtype)
        if self.field in fields:
            return fields[self.field]
        known = ", ".join(f"“{name}”" for name in fields) or "none"
        raise Mismatch(f"The data has no field “{self.field}”; it has {known}.", code="unknown-field")

    def summary(self) -> str:
        return self.field or times(self.shape)


class Output(Block):
    """Name a result of the network: what is exported, and what an application will read.

    The name of this block is the name of the output in the ONNX file. Passes its input on unchanged.
    """

    category = "Input and output"
    aliases = ("result", "prediction", "sink", "export")
    role = "output"
    inputs = (Port("x", help="The tensor to export.", dtype=None),)
    outputs = ()
