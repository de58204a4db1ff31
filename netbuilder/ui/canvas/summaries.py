"""What blocks say of their parameters, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

from netbuilder.blocks.parameters import value_in_words
from netbuilder.compiler.groups import Names, counts_itself, expressions, mentions_index
from netbuilder.compiler.weights import untagged
from netbuilder.graph.model import Json, Node
from netbuilder.graph.project import Group
from netbuilder.ui.group_parameters import values_of


def formulas(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the fields of a node that are computed, each with its expression."""
    return tuple((name, _value(text)) for name, text in expressions(untagged(node.params)))


def written(node: Node) -> str:
    """Return the expressions in a block's fields."""
    return ", ".join(text for _, text in formulas(node))


def computed(node: Node, names: Names) -> dict[str, Json]:
    """Return a node's parameters with what expressions come to; those that can't be computed, or differ each time,
    as they are.
    """
    values = values_of(node, names)
    differing = {key for key, value in node.params.items() if counts_itself(node, key) and mentions_index(value)}
    return {**node.params, **{key: value for key, value in values.items() if key not in differing}}


def arguments(params: Mapping[str, Json], group: Group) -> str:
    """Return what an instance sets its group's parameters to, and after that what the others are by themselves."""
    values = {key: value for key, value in params.items() if key in group.parameters}
    values |= {key: value for key, value in group.parameters.items() if key not in values}
    said = ((name, _value(value)) for name, value in values.items())
    return ", ".join(name if name == value else f"{name} {value}" for name, value in said)


def _value(value: Json) -> str:
    if isinstance(value, str):
        return value.removeprefix("=")
    return " × ".join(map(_value, value)) if isinstance(value, tuple) else value_in_words(value)


def repeat(params: Mapping[str, Json]) -> str:
    """Return how often an instance runs, empty where that is once."""
    times = params.get("repeat", 1)
    return _value(times) if times != 1 else ""
