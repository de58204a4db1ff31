"""The reference of groups: a page for each, in Markdown, as blocks have one."""

from __future__ import annotations

from collections.abc import Iterable

from netbuilder.blocks.parameters import value_in_words
from netbuilder.blocks.reference import table
from netbuilder.blocks.spec import Port
from netbuilder.compiler.groups import ports
from netbuilder.graph.project import Group


def ready_made_reference(groups: Iterable[Group]) -> str:
    """Return the pages of the groups that come with the program, as the last part of the reference."""
    about = (
        "Parts of well-known networks, drawn block by block: put one in, go into it, change it. Every instance also "
        "has `repeat`, how often it runs, each time on what the time before gave, and `shared`, whether all times have "
        "the same weights."
    )
    return "\n\n".join(["# Ready-made groups", about, *map(group_page, groups)]) + "\n"


def group_page(group: Group) -> str:
    """Return a group's page: what it does, its ports, and its parameters with what they are where nothing is given."""
    inputs, outputs = ports(group)
    parts = [f"### {group.name}", *(group.paragraphs() or ["It has no description."])]
    parts.append(f"*Takes* {_names(inputs)}. *Gives* {_names(outputs)}.")
    if group.parameters:
        rows = ((f"`{name}`", f"`{value_in_words(default)}`") for name, default in group.parameters.items())
        parts.append(table(("Parameter", "Default"), rows))
    return "\n\n".join(parts)


def _names(declared: Iterable[Port]) -> str:
    return ", ".join(f"`{port.name}`" for port in declared) or "nothing"
