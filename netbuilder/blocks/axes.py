"""Which dimension of a tensor a block works along: any but the batch, which is dimension 0."""

from __future__ import annotations

from netbuilder.blocks.spec import Mismatch, SetOwn, TensorSpec


def require_not_batch(x: TensorSpec, dim: int, why: str) -> int:
    """Return dimension `dim` counted from the front.

    Raises `Mismatch` where it is not there, or where it is the batch; `why` that can't be: “it stays as it is”.
    """
    axis = x.axis(dim)
    if axis == 0:
        raise Mismatch(
            f"Dimension 0 is the batch: {why}. Choose a later one.",
            parameter="dim",
            code="bad-parameter",
            suggestions=(SetOwn("dim", 1),),
        )
    return axis
