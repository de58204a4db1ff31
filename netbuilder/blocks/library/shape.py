"""Shape: the same numbers, arranged another way."""

from __future__ import annotations

import math

from netbuilder.blocks.axes import require_not_batch
from netbuilder.blocks.spec import (
    BATCH,
    Arg,
    Block,
    Call,
    Index,
    Mismatch,
    NewShape,
    Order,
    Port,
    SetOwn,
    TensorSpec,
    function,
    param,
)
from netbuilder.blocks.windows import times

_KEPT = "it stays as it is"
_INPUTS = (Port("x", help="Any shape.", rank=(1, 8), dtype=None),)


class Flatten(Block):
    """Lay several dimensions out as one.

    `N × C × H × W` becomes `N × C·H·W`. Between the convolutions of a network and its Linear layers. The batch is
    dimension 0 and is left alone unless start_dim is 0.
    Source: `torch.nn.Flatten`.
    """

    category = "Shape"
    aliases = ("view", "vector", "reshape")
    gives = "same"
    inputs = (Port("x", help="Any shape.", rank=(2, 8), dtype=None),)
    example_inputs = (TensorSpec((BATCH, 4, 6)),)

    start_dim: Index = param(1, help="First dimension that is laid out; 0 is the batch.")
    end_dim: Index = param(-1, help="Last dimension that is laid out.")

    def lower(self, x: TensorSpec) -> Call:
        if x.axis(self.start_dim) > x.axis(self.end_dim):
            to_last = SetOwn("end_dim", -1)
            raise Mismatch(
                f"start_dim {self.start_dim} comes after end_dim {self.end_dim} in the input {x}.",
                parameter="start_dim",
                code="bad-parameter",
                suggestions=(SetOwn("start_dim", 1), to_last) if x.axis(self.end_dim) else (to_last,),
            )
        return function("torch.flatten", Arg(0), start_dim=self.start_dim, end_dim=self.end_dim)

    def summary(self) -> str:
        return "" if (self.start_dim, self.end_dim) == (1, -1) else f"{self.start_dim} to {self.end_dim}"


class Reshape(Block):
    """Arrange the elements of each sample in another shape.

    `N × …` becomes `N × shape`, read row by row; shape has to hold as many elements. One size may be −1: whatever is
    left. For features that become images (before ConvTranspose2d) and images that become sequences.
    Source: `torch.reshape`.
    """

    category = "Shape"
    aliases = ("view", "unflatten", "squeeze", "unsqueeze")
    gives = "same"
    inputs = _INPUTS
    example_inputs = (TensorSpec((BATCH, 4, 6)),)

    shape: NewShape = param((-1,), help="Sizes without the batch; one of them may be −1, whatever is left.")

    def lower(self, x: TensorSpec) -> Call:
        if self.shape.count(-1) > 1 or 0 in self.shape:
            raise Mismatch(
                f"shape {times(self.shape)} may hold one −1, and otherwise sizes of at least 1.",
                parameter="shape",
                code="bad-parameter",
                suggestions=(SetOwn("shape", (-1,)),),
            )
        have = math.prod(x.size(dimension) for dimension in range(1, x.rank))
        want = math.prod(size for size in self.shape if size != -1)
        if have % want if -1 in self.shape else have != want:
            needed = f"a multiple of {want}" if -1 in self.shape else str(want)
            raise Mismatch(
                f"A sample of the input {x} has {have} elements, and shape {times(self.shape) or '()'} takes {needed}.",
                port="x",
                parameter="shape",
                code="reshape-mismatch",
                suggestions=(SetOwn("shape", (-1,)),),
            )
        return function("torch.reshape", Arg(0), (-1, *(have // want if size == -1 else size for size in self.shape)))

    def summary(self) -> str:
        return times(self.shape)


class Permute(Block):
    """Put the dimensions in another order.

    y's dimension i is x's dimension dims[i]; the batch is 0 and normally stays first. (0, 2, 1) turns signals
    `N × C × L` into sequences `N × L × C` and back; (0, 3, 1, 2) images with channels last into channels first.
    Source: `torch.permute`.
    """

    category = "Shape"
    aliases = ("transpose", "swap", "channels last", "axes")
    gives = "same"
    inputs = (Port("x", help="Any shape.", rank=(2, 8), dtype=None),)
    example_inputs = (TensorSpec((BATCH, 4, 6)),)

    dims: Order = param((0, 2, 1), help="All dimensions in their new order; 0 is the batch.")

    def lower(self, x: TensorSpec) -> Call:
        valid = all(-x.rank <= dim < x.rank for dim in self.dims)
        if not valid or sorted(dim % x.rank for dim in self.dims) != list(range(x.rank)):
            order = tuple(range(x.rank))
            raise Mismatch(
                f"The input {x} has {x.rank} dimensions: dims has to name each of {', '.join(map(str, order))} once, "
                f"and is {', '.join(map(str, self.dims))}.",
                parameter="dims",
                code="bad-permutation",
                suggestions=(SetOwn("dims", (*order[:-2], order[-1], order[-2]) if x.rank > 2 else order),),
            )
        return function("torch.permute", Arg(0), self.dims)

    def summary(self) -> str:
        return ", ".join(map(str, self.dims))


class Unflatten(Block):
    """Lay one dimension out as several.

    Dimension dim becomes sizes, whose product it is; one size may be −1, whatever is left. `N × 512` with sizes (8, 8,
    8) becomes images `N × 8 × 8 × 8`; `N × T × 64` at dim −1 becomes heads. The inverse of Flatten.
    Source: `torch.unflatten`.
    """

    category = "Shape"
    aliases = ("view", "reshape", "heads", "expand")
    gives = "same"
    inputs = (Port("x", help="Any shape.", rank=(2, 6), dtype=None),)

    dim: Index = param(1, help="Dimension that is laid out.")
    sizes: NewShape = param((1, -1), help="Sizes that it becomes; one of them may be −1, whatever is left.")

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, _KEPT)
        whole, known = x.size(self.dim), math.prod(size for size in self.sizes if size != -1)
        fits = self.sizes and self.sizes.count(-1) <= 1 and 0 not in self.sizes
        if not fits or (whole % known if -1 in self.sizes else whole != known) or x.rank + len(self.sizes) > 9:
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {whole} entries, which are not laid out as "
                f"{times(self.sizes) or 'nothing'}: the product has to be the same, with one −1 at most.",
                parameter="sizes",
                code="reshape-mismatch",
                suggestions=(SetOwn("sizes", (1, -1)),),
            )
        return function("torch.unflatten", Arg(0), self.dim, self.sizes)

    def summary(self) -> str:
        return times(self.sizes)


class Squeeze(Block):
    """Take away a dimension of size 1.

    `N × 1 × D` with dim 1 becomes `N × D`. For the single channel of a map, or the single step of a sequence.
    Source: `torch.squeeze`.
    """

    category = "Shape"
    aliases = ("remove dimension", "drop axis", "view")
    gives = "same"
    inputs = (Port("x", help="Any shape.", rank=(2, 8), dtype=None),)
    example_inputs = (TensorSpec((BATCH, 1, 6)),)

    dim: Index = param(1, help="Dimension that goes; its size has to be 1.")

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, _KEPT)
        if x.shape[self.dim] != 1:
            ones = [axis for axis, size in enumerate(x.shape) if size == 1]
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {x.shape[self.dim]} entries: "
                "only one of size 1 can be taken away.",
                parameter="dim",
                suggestions=[SetOwn("dim", axis) for axis in ones if axis][:2],
            )
        return function("torch.squeeze", Arg(0), dim=self.dim)

    def summary(self) -> str:
        return f"dim {self.dim}"


class Unsqueeze(Block):
    """Put in a dimension of size 1.

    `N × D` with dim 1 becomes `N × 1 × D`. For a single channel where a convolution asks for channels, and for
    broadcasting: a mask `N × T` at dim −1 scales each step of `N × T × D`.
    Source: `torch.unsqueeze`.
    """

    category = "Shape"
    aliases = ("add dimension", "new axis", "channel", "view")
    gives = "same"
    inputs = (Port("x", help="Any shape.", rank=(1, 7), dtype=None),)

    dim: Index = param(1, help="Where the new dimension stands; −1 is last.")

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(TensorSpec((*x.shape, 1)), self.dim, _KEPT)
        return function("torch.unsqueeze", Arg(0), dim=self.dim)

    def summary(self) -> str:
        return f"dim {self.dim}"
