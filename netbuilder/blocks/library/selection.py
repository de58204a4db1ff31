"""Parts of a tensor, and borders around it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from netbuilder.blocks.axes import require_not_batch
from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import (
    BATCH,
    LARGEST,
    Arg,
    Block,
    Call,
    Free,
    Index,
    Mismatch,
    Port,
    Real,
    SetOwn,
    Size2d,
    Sizes,
    TensorSpec,
    as_tuple,
    function,
    param,
)
from netbuilder.blocks.windows import times

_INPUTS = (Port("x", help="Any shape.", rank=(2, 8), dtype=None),)
_TOGETHER = "samples stay together"
_DIM_HELP = "Dimension that is cut: 1 is channels, features or time, −1 the last."

_Place = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
_Borders = Annotated[
    tuple[Annotated[int, Field(ge=0, le=65_536)], ...],
    Field(max_length=6),
    as_tuple,
    Sizes(0, 65_536),
]


class Split(Block):
    """Cut a tensor in two along one dimension.

    y1 has the first `size` entries along dim, y2 the rest. `N × 32` with size 0, which is half, gives `N × 16` twice:
    mean and log-variance of a variational autoencoder, value and gate of a gated unit. The inverse of Concat.
    Source: `torch.split`.
    """

    category = "Shape"
    aliases = ("chunk", "divide channels", "unbind", "part")
    gives = "same"
    inputs = _INPUTS
    outputs = (Port("y1", help="The first `size` entries."), Port("y2", help="The rest."))

    size: Annotated[int, Field(ge=0, le=LARGEST)] = param(0, help="Entries of the first part; 0 cuts in halves.")
    dim: Index = param(1, help=_DIM_HELP)

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, _TOGETHER)
        whole = x.size(self.dim)
        first = self.size or whole // 2
        if not 0 < first < whole or (self.size == 0 and whole % 2):
            what = f"can't be cut {f'after {first}' if self.size else 'in halves'}"
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {whole} entries and {what}.",
                parameter="size",
                code="bad-parameter",
                suggestions=(SetOwn("size", whole // 2),) if whole > 1 else (),
            )
        parts = (first, whole - first)
        return function("torch.split", Arg(0), parts, dim=self.dim, results={"y1": (0,), "y2": (1,)})

    def summary(self) -> str:
        return f"{self.size or 'halves'}{'' if self.dim == 1 else f' · dim {self.dim}'}"


class Slice(Block):
    """Keep a stretch of one dimension.

    y = x[start : start + length] along dim; all other dimensions stay. For the first steps of a sequence, or a few
    channels. A negative start counts from the end.
    Source: `torch.narrow`.
    """

    category = "Shape"
    aliases = ("narrow", "range", "part", "index", "cut out")
    gives = "same"
    inputs = _INPUTS

    dim: Index = param(1, help=_DIM_HELP)
    start: _Place = param(0, help="First entry that is kept; −1 is the last.")
    length: Annotated[int, Field(ge=1, le=LARGEST)] = param(1, help="How many entries are kept.")

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, _TOGETHER)
        whole = x.size(self.dim)
        start = self.start + whole if self.start < 0 else self.start
        if not 0 <= start < whole or start + self.length > whole:
            outside = not 0 <= start < whole
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {whole} entries, "
                f"and {self.length} from {self.start} on are wanted.",
                parameter="start" if outside else "length",
                code="bad-parameter",
                suggestions=(SetOwn("start", 0) if outside else SetOwn("length", whole - start),),
            )
        return function("torch.narrow", Arg(0), self.dim, start, self.length)

    def summary(self) -> str:
        return f"{self.start} + {self.length}{'' if self.dim == 1 else f' · dim {self.dim}'}"


class Select(Block):
    """Take one entry of a dimension, which is then gone.

    y = x[index] along dim. `N × T × D` with dim 1 and index −1 gives `N × D`: the last step of a sequence; index 0 is
    the class token of a vision transformer.
    Source: `torch.select`.
    """

    category = "Shape"
    aliases = ("index", "last step", "pick", "gather", "class token")
    gives = "same"
    inputs = _INPUTS

    dim: Index = param(1, help=_DIM_HELP)
    index: _Place = param(0, help="Which entry; −1 is the last.")

    def lower(self, x: TensorSpec) -> Call:
        size = x.shape[require_not_batch(x, self.dim, _TOGETHER)]
        if not isinstance(size, Free) and not -size <= self.index < size:
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {size} entries: there is none at {self.index}.",
                parameter="index",
                code="bad-parameter",
                suggestions=(SetOwn("index", 0), SetOwn("index", -1)),
            )
        return function("torch.select", Arg(0), self.dim, self.index)

    def summary(self) -> str:
        return f"{self.index}{'' if self.dim == 1 else f' · dim {self.dim}'}"


class Pad(Block):
    """Add a border.

    padding lists how much is added before and after, from the last dimension backwards: (left, right, top, bottom) for
    images `N × C × H × W`, (before, after) for signals. A border of a constant, of the input mirrored (reflect), of its
    edge repeated (replicate) or of its other end (circular). For borders that a convolution's own padding can't make.
    Source: `torch.nn.functional.pad`.
    """

    category = "Shape"
    aliases = ("border", "zero padding", "reflection", "margin")
    inputs = (Port("x", help="Signals, images or volumes.", rank=(2, 5)),)
    example_inputs = (TensorSpec((BATCH, 10, 12)),)

    padding: _Borders = param((1, 1), help="Border before and after, the last dimension first.")
    mode: Literal["constant", "reflect", "replicate", "circular"] = param(
        "constant", help="What the border is made of."
    )
    value: Real = param(0.0, help="The constant, in that mode.")

    def lower(self, x: TensorSpec) -> Call:
        padded, odd = divmod(len(self.padding), 2)
        if odd or not 0 < padded < x.rank:
            raise self._wrong(
                "padding takes two numbers for each dimension but the batch, the last first: "
                f"2 to {2 * x.rank - 2} of them, and has {len(self.padding)}."
            )
        if self.mode == "constant":
            return function("torch.nn.functional.pad", Arg(0), self.padding, value=self.value)
        if x.rank < 3 or padded != x.rank - 2:
            raise self._wrong(
                f"In the mode {self.mode} all dimensions but batch and channels are padded: "
                f"{2 * max(x.rank - 2, 1)} numbers for the input {x}, not {len(self.padding)}."
            )
        for place, border in enumerate(self.padding):
            size = x.size(-1 - place // 2)
            most = {"reflect": size - 1, "circular": size}.get(self.mode, border)
            if border > most:
                raise self._wrong(
                    f"In the mode {self.mode} a border of the input {x} is at most {most} there, not {border}."
                )
        return function("torch.nn.functional.pad", Arg(0), self.padding, mode=self.mode)

    def _wrong(self, message: str) -> Mismatch:
        return Mismatch(message, parameter="padding", code="bad-parameter")

    def summary(self) -> str:
        return times(self.padding, short=True)


class Crop(Block):
    """Cut the middle out of images.

    Input `N × C × H × W`, output `N × C × size`. With the size “like”, height and width are those of a second input:
    so the original U-Net makes an earlier map as small as the later one that it is joined to.
    Source: Ronneberger et al., U-Net, 2015.
    """

    category = "Shape"
    aliases = ("center crop", "cut", "u-net", "trim")
    gives = "same"
    inputs = (
        IMAGES,
        Port(
            "like",
            help="Images whose height and width are taken.",
            rank=4,
            layout=IMAGES.layout,
            dtype=None,
            optional=True,
        ),
    )
    example_inputs = (TensorSpec((BATCH, 4, 12, 10)), TensorSpec((BATCH, 3, 8, 6)))

    size: Literal["like"] | Size2d = param(
        "like", help="Height and width that are kept: those of the input `like`, or so much."
    )

    def lower(self, x: TensorSpec, like: TensorSpec | None = None) -> Call:
        height, width = self._size(like)
        whole = x.size(2), x.size(3)
        if height > whole[0] or width > whole[1]:
            raise Mismatch(
                f"{height} × {width} can't be cut out of the input {x}: it is smaller.",
                port="x" if like else None,
                parameter=None if like else "size",
                code="bad-parameter",
                suggestions=() if like else (SetOwn("size", (min(height, whole[0]), min(width, whole[1]))),),
            )
        rows = function("torch.narrow", Arg(0), 2, (whole[0] - height) // 2, height)
        return function("torch.narrow", rows, 3, (whole[1] - width) // 2, width)

    def _size(self, like: TensorSpec | None) -> tuple[int, int]:
        if self.size == "like":
            if not like:
                raise Mismatch(
                    "Wire images of the height and width that are wanted to “like”, or set size to two numbers.",
                    port="like",
                    code="bad-parameter",
                )
            return like.size(2), like.size(3)
        if like:
            raise Mismatch(
                f"The size is {times(self.size)}, but “like” is wired to give one too: set size to “like”, "
                "or leave that input open.",
                parameter="size",
                code="bad-parameter",
                suggestions=(SetOwn("size", "like"),),
            )
        return self.size

    def summary(self) -> str:
        return "like" if self.size == "like" else times(self.size)
