"""Reduction: many numbers become one."""

from __future__ import annotations

from typing import ClassVar

from netbuilder.blocks.axes import require_not_batch
from netbuilder.blocks.spec import Arg, Block, Call, Index, Mismatch, Order, Port, SetOwn, TensorSpec, function, param

_KEEPDIM_HELP = "Leave the dimensions in place with a size of 1, so that the result still fits the input."


class _Reduction(Block):
    """What Mean, Sum and Max share."""

    category = "Reduction"
    inputs = (Port("x", help="Any shape.", rank=(2, 8)),)
    operation: ClassVar[str]

    dims: Order = param((-1,), help="Dimensions that are summarised; −1 is the last, 0 would be the batch.")
    keepdim: bool = param(False, help=_KEEPDIM_HELP)

    def lower(self, x: TensorSpec) -> Call:
        axes = [x.axis(dim) for dim in self.dims]
        if 0 in axes or len(set(axes)) < len(axes):
            what = "names the batch, dimension 0" if 0 in axes else "names a dimension twice"
            raise Mismatch(
                f"dims {what}: each of the others, from 1 to {x.rank - 1}, can be summarised once.",
                parameter="dims",
                code="bad-parameter",
                suggestions=(SetOwn("dims", (-1,)),),
            )
        return function(self.operation, Arg(0), self.dims, keepdim=self.keepdim)

    def summary(self) -> str:
        return f"dim {', '.join(map(str, self.dims))}"


class Mean(_Reduction):
    """Average over one or several dimensions.

    y = mean of x along dims. `N × T × D` over dimension 1 gives `N × D`: the average of a sequence, with which a
    transformer classifies; over (2, 3) an image gives its channels' averages.
    Source: `torch.mean`.
    """

    aliases = ("average", "reduce", "mean pooling")
    operation = "torch.mean"


class Sum(_Reduction):
    """Add up along one or several dimensions.

    y = Σ x along dims. `N × T × D` over dimension 1 gives `N × D`. For weighted averages: multiply by weights that sum
    to 1, then sum, as attention does.
    Source: `torch.sum`.
    """

    aliases = ("total", "reduce", "add up")
    operation = "torch.sum"


class Max(_Reduction):
    """Keep the largest number along one or several dimensions.

    y = max of x along dims. `N × T × D` over dimension 1 gives `N × D`: whether a feature was there at any step. Where
    several are equal, the gradient is shared among them.
    Source: `torch.amax`.
    """

    aliases = ("maximum", "amax", "reduce", "max over time")
    operation = "torch.amax"


class ArgMax(Block):
    """Tell at which place along a dimension the largest number stands.

    y = argmax x along dim: whole numbers. Logits `N × C` give the predicted classes `N`; logits of pixels
    `N × C × H × W` give `N × H × W`. For an exported network that answers with a class. Nothing can be learned through
    it.
    Source: `torch.argmax`.
    """

    category = "Reduction"
    aliases = ("predicted class", "index of maximum", "decision")
    inputs = (Port("x", help="Scores along dim.", rank=(2, 8)),)

    dim: Index = param(1, help="Dimension along which the largest is looked for: 1 is classes and channels.")
    keepdim: bool = param(False, help=_KEEPDIM_HELP)

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, "samples are not compared with each other")
        return function("torch.argmax", Arg(0), dim=self.dim, keepdim=self.keepdim)

    def summary(self) -> str:
        return "" if self.dim == 1 else f"dim {self.dim}"
