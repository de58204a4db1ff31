"""The reference: a page for each block, in Markdown, made from what the block declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter, expectation, parameters, value_in_words
from netbuilder.blocks.spec import Block, Port

_SHARING = (
    "Every block with weights, and every instance of a group, also has a field `weights`: a name for them. Blocks "
    "beside one another with the same name share their weights: they are one layer that is used in several places, "
    "trained by all of them and counted once, as in a siamese network or where the head of a language model reads the "
    "table of its embedding."
)
_DTYPES = {"float": "real numbers", "integer": "whole numbers"}


def reference() -> str:
    """Return the pages of all blocks, by category, as one document."""
    parts = ["# Blocks", _SHARING]
    for category, members in registry.by_category().items():
        parts += [f"## {category}", *(page(block) for block in members)]
    return "\n\n".join(parts) + "\n"


def page(block: type[Block]) -> str:
    """Return a block's page: what it does, its ports, and what each parameter takes."""
    text = inspect.getdoc(block) or ""
    parts = [f"### {block.__name__}", _unwrapped(text)]
    if block.aliases:
        parts.append(f"*Also found as:* {', '.join(block.aliases)}.")
    for title, ports in (("Input", block.inputs), ("Output", block.outputs)):
        if any(port.help for port in ports):
            parts.append(table((title, "Takes" if title == "Input" else "Gives", "Meaning"), map(_port_row, ports)))
    if parameters(block):
        parts.append(table(("Parameter", "Takes", "Default", "Meaning"), map(_parameter_row, parameters(block))))
    return "\n\n".join(parts)


def _unwrapped(text: str) -> str:
    """Return a docstring with a line for each paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _port_row(port: Port) -> tuple[str, ...]:
    facts = [port.sizes()] if port.sizes() else []
    if port.dtype is not None:
        facts.append(_DTYPES[port.dtype])
    if port.variadic:
        facts.append("several wires")
    if port.optional:
        facts.append("may be left open")
    return f"`{port.name}`", ", ".join(facts), port.help


def _parameter_row(parameter: Parameter) -> tuple[str, ...]:
    shown = value_in_words(parameter.default)
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"`{parameter.name}`", expectation(parameter), f"`{shown}`{unit}" if shown else "", parameter.help


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
