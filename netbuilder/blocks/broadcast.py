"""Whether tensors fit together element by element: equal shapes, where a size of 1 is repeated to fit any other."""

from __future__ import annotations

from collections.abc import Sequence

from netbuilder.blocks.spec import Dim, Insert, Mismatch, Resize, Suggestion, TensorSpec
from netbuilder.blocks.windows import projection


def require_broadcast(block: str, specs: Sequence[TensorSpec], ports: Sequence[str]) -> tuple[Dim, ...]:
    """Return the shape that tensors of equally many dimensions have together; `Mismatch` where they don't fit."""
    shape = specs[0].shape
    for index, other in enumerate(specs[1:], start=1):
        if other.rank != len(shape) or not all(map(fits, shape, other.shape)):
            raise _cannot_join(block, TensorSpec(shape), other, (ports[0], ports[index]))
        shape = tuple(b if a == 1 else a for a, b in zip(shape, other.shape, strict=True))
    return shape


def fits(a: Dim, b: Dim) -> bool:
    """Tell whether two sizes go together.

    A batch of 1 is that of a Constant or a Parameter: the same for all samples.
    """
    return a == b or 1 in (a, b)


def _cannot_join(block: str, so_far: TensorSpec, other: TensorSpec, ports: tuple[str, str]) -> Mismatch:
    if other.rank != so_far.rank:
        return _unequal_ranks(block, so_far, other, ports)
    apart = [axis for axis, (a, b) in enumerate(zip(so_far.shape, other.shape, strict=True)) if not fits(a, b)]
    suggestions: list[Suggestion] = pooled(so_far, apart)
    wanted = so_far.shape[apart[0]]
    if len(apart) == 1 and isinstance(wanted, int):
        insert = projection(so_far.rank, apart[0], wanted)
        suggestions += [Resize(wanted), insert] if insert else []
    return Mismatch(
        f"{block} needs branches of the same shape: {so_far} and {other} differ in "
        f"dimension {' and '.join(map(str, apart))}.",
        port=ports[1],
        suggestions=suggestions,
    )


def _unequal_ranks(block: str, first: TensorSpec, other: TensorSpec, ports: tuple[str, str]) -> Mismatch:
    flat, deep = sorted((first, other), key=lambda spec: spec.rank)
    suggestions: list[Suggestion] = []
    if flat.rank == 2 and flat.shape[1] == deep.shape[1]:
        suggestions = [Insert("Reshape", (("shape", (flat.shape[1], *(1,) * (deep.rank - 2))),))]
    return Mismatch(
        f"{block} needs branches with equally many dimensions: {first} has {first.rank} and {other} has {other.rank}.",
        port=ports[1] if other is flat else ports[0],
        suggestions=suggestions,
    )


def pooled(wanted: TensorSpec, apart: Sequence[int]) -> list[Suggestion]:
    """Suggest pooling an image to another's height and width, if it is these that are unequal."""
    height_and_width = wanted.shape[2:]
    if wanted.rank == 4 and set(apart) <= {2, 3} and all(isinstance(size, int) for size in height_and_width):
        return [Insert("AdaptiveAvgPool2d", (("output_size", height_and_width),))]
    return []
