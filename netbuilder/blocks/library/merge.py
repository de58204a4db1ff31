"""Merge: bring several branches together."""

from __future__ import annotations

from functools import reduce
from typing import ClassVar

from netbuilder.blocks.axes import require_not_batch
from netbuilder.blocks.broadcast import pooled, require_broadcast
from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Index,
    Insert,
    Mismatch,
    Port,
    SetOwn,
    TensorSpec,
    Value,
    function,
    param,
)


class _Elementwise(Block):
    """What Add and Multiply share: equal shapes, where a size of 1 fits any."""

    category = "Merge"
    operation: ClassVar[str]

    def lower(self, *x: TensorSpec) -> Call:
        require_broadcast(type(self).__name__, x, [f"x{number}" for number in range(1, len(x) + 1)])
        first: Value = Arg(0)
        joined = reduce(lambda value, index: function(self.operation, value, Arg(index)), range(1, len(x)), first)
        assert isinstance(joined, Call), "a variadic port gives at least two inputs"
        return joined


class Add(_Elementwise):
    """Add branches element by element.

    y = x₁ + x₂ + …; all of the same shape, or with a size of 1 that is repeated to fit. The skip connection of
    residual networks and transformers: the branch learns only what to change.
    Source: `torch.add`; He et al., Deep Residual Learning, 2015.
    """

    aliases = ("sum", "plus", "residual", "skip connection", "+")
    inputs = (Port("x", help="Branches of the same shape.", variadic=True),)
    operation = "operator.add"


class Multiply(_Elementwise):
    """Multiply branches element by element.

    y = x₁ · x₂ · …; all of the same shape, or with a size of 1 that is repeated to fit. For gates: one branch
    says how much of the other passes, as in squeeze-and-excitation, where `N × C × 1 × 1` scales `N × C × H × W`.
    Source: `torch.mul`.
    """

    aliases = ("product", "gate", "scale", "times", "*")
    inputs = (Port("x", help="Branches of the same shape.", variadic=True),)
    operation = "operator.mul"


class Concat(Block):
    """Put branches side by side along one dimension.

    y = [x₁, x₂, …] along dim; all other sizes are equal. By default channels or features: `N × 32 × H × W` and
    `N × 16 × H × W` give `N × 48 × H × W`. For the skip connections of U-Net and DenseNet, which keep both branches
    whole.
    Source: `torch.cat`; Huang et al., Densely Connected Convolutional Networks, 2016.
    """

    category = "Merge"
    aliases = ("cat", "concatenate", "join", "stack", "skip connection")
    inputs = (Port("x", help="Branches whose sizes are equal but along dim.", variadic=True),)

    dim: Index = param(1, help="Dimension along which they are joined: 1 is channels or features, −1 the last.")

    def lower(self, *x: TensorSpec) -> Call:
        first = x[0]
        axis = require_not_batch(first, self.dim, "branches are not joined along it")
        for index, other in enumerate(x[1:], start=1):
            if other.rank != first.rank:
                raise _unequal_ranks(first, other, index)
            unequal = [i for i, (a, b) in enumerate(zip(first.shape, other.shape, strict=True)) if a != b]
            apart = [i for i in unequal if i != axis]
            if apart:
                joinable = len(unequal) == 1 and 0 not in unequal  # along the one dimension that is unequal
                raise Mismatch(
                    f"Concat joins along dimension {axis}, so all other sizes have to be equal: "
                    f"{first} and {other} differ in dimension {' and '.join(map(str, apart))}.",
                    port=f"x{index + 1}",
                    suggestions=[*pooled(first, apart), *([SetOwn("dim", apart[0])] if joinable else [])],
                )
        return function("torch.cat", tuple(map(Arg, range(len(x)))), dim=self.dim)

    def summary(self) -> str:
        return "" if self.dim == 1 else f"dim {self.dim}"


class Stack(Block):
    """Put branches side by side along a new dimension.

    y = [x₁, x₂, …] with a new dimension at dim, as long as there are branches; all of the same shape. Two vectors
    `N × D` give `N × 2 × D`: single steps become a sequence, single maps become channels.
    Source: `torch.stack`.
    """

    category = "Merge"
    aliases = ("new dimension", "sequence of", "join", "collect")
    inputs = (Port("x", help="Branches of the same shape.", rank=(1, 7), variadic=True),)

    dim: Index = param(1, help="Where the new dimension stands; −1 is last.")

    def lower(self, *x: TensorSpec) -> Call:
        first = x[0]
        for index, other in enumerate(x[1:], start=1):
            if other.shape != first.shape:
                raise Mismatch(
                    f"Stack needs branches of the same shape: {first} and {other} differ.", port=f"x{index + 1}"
                )
        require_not_batch(TensorSpec((*first.shape, 1)), self.dim, "it stays first")
        return function("torch.stack", tuple(map(Arg, range(len(x)))), dim=self.dim)

    def summary(self) -> str:
        return "" if self.dim == 1 else f"dim {self.dim}"


def _unequal_ranks(first: TensorSpec, other: TensorSpec, index: int) -> Mismatch:
    flat, deep = sorted((first, other), key=lambda spec: spec.rank)
    blamed = deep if flat.rank == 2 else flat
    return Mismatch(
        f"Concat needs branches with equally many dimensions: {first} has {first.rank} and {other} has {other.rank}.",
        port=f"x{index + 1}" if blamed is other else "x1",
        suggestions=[Insert("Flatten")] if flat.rank == 2 else [],
    )
