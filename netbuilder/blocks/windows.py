"""Whether a window that slides over a signal or an image fits into it: what convolution and pooling have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from netbuilder.blocks.spec import Insert, Mismatch, SetOwn, TensorSpec

SizeT = TypeVar("SizeT", bound="tuple[int, ...]")
"""In a family of layers for signals, images and volumes: one size for each dimension."""
StrideT = TypeVar("StrideT", bound="str | tuple[int, ...]")
PaddingT = TypeVar("PaddingT", bound="tuple[int, ...]")
AutoPaddingT = TypeVar("AutoPaddingT", bound="str | tuple[int, ...]")


def require_fit(
    x: TensorSpec,
    kernel_size: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...] | None = None,
    beyond: tuple[int, ...] | None = None,
) -> None:
    """Raise `Mismatch` where the window is larger than the padded input. Dimensions that are free are not judged.

    `beyond` is how far a window may reach out of it at the far end, along each dimension.
    """
    spread, reach = dilation or (1,) * len(kernel_size), beyond or (0,) * len(kernel_size)
    spans = tuple(step * (kernel - 1) + 1 for kernel, step in zip(kernel_size, spread, strict=True))
    room = [size + 2 * pad if isinstance(size, int) else None for size, pad in zip(x.shape[2:], padding, strict=True)]
    if all(size is None or span <= size + out for span, size, out in zip(spans, room, reach, strict=True)):
        return
    fitting = tuple(
        kernel if size is None else min(kernel, (size - 1) // step + 1)
        for kernel, size, step in zip(kernel_size, room, spread, strict=True)
    )
    window = times(kernel_size) + (f" dilated to {times(spans)}" if spans != kernel_size else "")
    padded = f", padded to {times(room)}" if any(padding) else ""
    raise Mismatch(
        f"The kernel ({window}) is larger than the input: it is {x}{padded}. "
        "Make the kernel smaller or pool less before.",
        port="x",
        parameter="kernel_size",
        code="kernel-too-large",
        suggestions=(SetOwn("kernel_size", fitting),),
    )


def times(sizes: Sequence[int | None], *, short: bool = False) -> str:
    """Write sizes as `3×3`, and a free one as N; equal ones as `3` where `short`."""
    if short and len(set(sizes)) == 1:
        sizes = sizes[:1]
    return "×".join("N" if size is None else str(size) for size in sizes)


def projection(rank: int, axis: int, features: int) -> Insert | None:
    """Return the learned layer that gives dimension `axis` `features` entries and leaves the others alone."""
    if axis == rank - 1 and rank in (2, 3):
        return Insert("Linear", (("out_features", features),))
    if axis == 1 and rank in (3, 4, 5):
        return Insert(f"Conv{rank - 2}d", (("out_channels", features), ("kernel_size", (1,) * (rank - 2))))
    return None
