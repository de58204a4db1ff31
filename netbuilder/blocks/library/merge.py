"""Merge: bring several branches together."""

from __future__ import annotations

from functools import reduce
from typing import ClassVar

from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Dim,
    Index,
    Insert,
    Mismatch,
    Port,
    Resize,
    SetOwn,
    Suggestion,
    TensorSpec,
    Value,
    function,
    param,
)
from netbuilder.blocks.windows import projection


class _Elementwise(Block):
    """What Add and Multiply share: equal shapes, where a size of 1 fits any."""

    category = "Merge"
    operation: ClassVar[str]

    def lower(self, *x: TensorSpec) -> Call:
        shape = x[0].shape
        for index, other in enumerate(x[1:], start=1):
            if other.rank != len(shape) or not all(map(_fits, shape, other.shape)):
                raise _cannot_join(type(self).__name__, TensorSpec(shape), other, index)
            shape = tuple(b if a == 1 else a for a, b in zip(shape, other.shape, strict=True))
        first: Value = Arg(0)
        joined = reduce(lambda value, index: function(self.operation, value, Arg(index)), range(1, len(x)), first)
        assert isinstance(joined, Call), "a variadic port gives at least two inputs"
        return joined


class Add(_Elementwise):
    """Add branches element by element.

    y = x₁ + x₂ + …; all of the same shape, or with a size of 1 that is repeated to fit (never the batch). The skip connection of
    residual networks and transformers: the branch learns only what to change.
    Source: `torch.add`; He et al., Deep Residual Learning, 2015.
    """

    aliases = ("sum", "plus", "residual", "skip connection", "+")
    inputs = (Port("x", help="Branches of the same shape.", variadic=True),)
    operation = "operator.add"


class Multiply(_Elementwise):
    """Multiply branches element by element.

    y = x₁ · x₂ · …; all of the same shape, or with a size of 1 that is repeated to fit (never the batch). For gates: one branch
    says how much of the other passes, as in squeeze-and-excitation, where `N × C × 1 × 1` scales `N × C × H × W`.
    Source: `torch.mul`.
    """

    aliases = ("product", "gate", "scale", "times", "*")
    inputs = (Port("x", help="Branches of the same shape.", variadic=True),)
    operation = "operator.mul"


class Concat(Block):
    """Put branches side by side along one dimension.

    y = [x₁, x₂, …] along dim; all other sizes are equal. By default channels or features: `N × 32 × H × W` and `N × 16 × H × W`
    give `N × 48 × H × W`. For the skip connections of U-Net and DenseNet, which keep both branches whole.
    Source: `torch.cat`; Huang et al., Densely Connected Convolutional Networks, 2016.
    """

    category = "Merge"
    aliases = ("cat", "concatenate", "join", "stack", "skip connection")
    inputs = (Port("x", help="Branches whose sizes are equal but along dim.", variadic=True),)

    dim: Index = param(1, help="Dimension along which they are joined: 1 is channels or features, −1 the last.")

    def lower(self, *x: TensorSpec) -> Call:
        first = x[0]
        axis = first.axis(self.dim)
        if axis == 0:
            raise Mismatch(
                "Dimension 0 is the batch: branches can't be joined along it. Join channels or features, dimension 1.",
                parameter="dim",
                suggestions=(SetOwn("dim", 1),),
            )
        for index, other in enumerate(x[1:], start=1):
            if other.rank != first.rank:
                raise _unequal_ranks("Concat", first, other, index)
            unequal = [i for i, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)) if a != b]
            apart = [i for i in unequal if i != axis]
            if apart:
                joinable = len(unequal) == 1 and 0 not in unequal  # along the one dimension that is unequal
                raise Mismatch(
                    f"Concat joins along dimension {axis}, so all other sizes have to be equal: "
                    f"{first} and {other} differ in dimension {' and '.join(map(str, apart))}.",
                    port=f"x{index + 1}",
                    suggestions=[*_pooled(first, apart), *([SetOwn("dim", apart[0])] if joinable else [])],
                )
        return function("torch.cat", tuple(map(Arg, range(len(x)))), dim=self.dim)

    def summary(self) -> str:
        return "" if self.dim == 1 else f"dim {self.dim}"


def _fits(a: Dim, b: Dim) -> bool:
    return a == b or (isinstance(a, int) and isinstance(b, int) and 1 in (a, b))


def _cannot_join(block: str, so_far: TensorSpec, other: TensorSpec, index: int) -> Mismatch:
    if other.rank != so_far.rank:
        return _unequal_ranks(block, so_far, other, index)
    apart = [axis for axis, (a, b) in enumerate(zip(so_far.shape, other.shape, strict=True)) if not _fits(a, b)]
    suggestions: list[Suggestion] = _pooled(so_far, apart)
    wanted = so_far.shape[apart[0]]
    if len(apart) == 1 and isinstance(wanted, int):
        insert = projection(so_far.rank, apart[0], wanted)
        suggestions += [Resize(wanted), insert] if insert else []
    return Mismatch(
        f"{block} needs branches of the same shape: {so_far} and {other} differ in "
        f"dimension {' and '.join(map(str, apart))}.",
        port=f"x{index + 1}",
        suggestions=suggestions,
    )


def _unequal_ranks(block: str, first: TensorSpec, other: TensorSpec, index: int) -> Mismatch:
    flat, deep = sorted((first, other), key=lambda spec: spec.rank)
    place = f"x{index + 1}" if other is flat else "x1"
    suggestions: list[Suggestion] = []
    if block == "Concat" and flat.rank == 2:
        place = "x1" if other is flat else f"x{index + 1}"
        suggestions = [Insert("Flatten")]
    elif flat.rank == 2 and flat.shape[1] == deep.shape[1]:
        suggestions = [Insert("Reshape", (("shape", (flat.shape[1], *(1,) * (deep.rank - 2))),))]
    return Mismatch(
        f"{block} needs branches with equally many dimensions: {first} has {first.rank} and {other} has {other.rank}.",
        port=place,
        suggestions=suggestions,
    )


def _pooled(wanted: TensorSpec, apart: list[int]) -> list[Suggestion]:
    """Suggest pooling an image to another's height and width, if it is these that are unequal."""
    height_and_width = wanted.shape[2:]
    if wanted.rank == 4 and set(apart) <= {2, 3} and all(isinstance(size, int) for size in height_and_width):
        return [Insert("AdaptiveAvgPool2d", (("output_size", height_and_width),))]
    return []
