"""Every block by its id, which is its class name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from netbuilder.blocks import library
from netbuilder.blocks.matching import match
from netbuilder.blocks.spec import Block

CATEGORIES = (
    "Input and output",
    "Linear",
    "Convolution",
    "Pooling",
    "Normalization",
    "Activation",
    "Regularization",
    "Recurrent",
    "Attention",
    "Embedding",
    "Shape",
    "Merge",
    "Reduction",
    "Tensor",
    "Loss",
    "Metric",
)
"""The order of categories in the palette and the reference."""


@cache
def blocks() -> dict[str, type[Block]]:
    """Return all blocks by id, in the order of `CATEGORIES` and, within one, of declaration."""
    for info in iter_modules(library.__path__):
        import_module(f"{library.__name__}.{info.name}")
    declared = [block for block in _leaves(Block) if block.__module__.startswith(library.__name__)]
    found = {block.__name__: block for block in declared}
    if len(found) != len(declared):
        raise ValueError("two blocks have the same name")
    return dict(sorted(found.items(), key=lambda item: CATEGORIES.index(item[1].category)))


def get(block_id: str) -> type[Block] | None:
    """Return the block of this id, or None: a file may name a block that this version does not know."""
    return blocks().get(block_id)


def by_category() -> dict[str, list[type[Block]]]:
    """Return the blocks of each category that has any, in palette order."""
    grouped: dict[str, list[type[Block]]] = {}
    for block in blocks().values():
        grouped.setdefault(block.category, []).append(block)
    return grouped


def search(query: str) -> list[type[Block]]:
    """Return the blocks that match by name, alias or category, best first."""
    scored = [
        (score, block)
        for block in blocks().values()
        if (score := match(query, block.__name__, block.aliases, block.category)) is not None
    ]
    return [block for _, block in sorted(scored, key=lambda item: item[0])]


def _leaves(block: type[Block]) -> Iterator[type[Block]]:
    """Yield the classes that nothing derives from: what they share stands in bases that are no blocks themselves."""
    families = block.__subclasses__()
    for family in families:
        yield from _leaves(family)
    if not families:
        yield block
