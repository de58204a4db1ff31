"""What can be put on a sheet, as search and palette show it: blocks, the project's groups, and groups in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from netbuilder.blocks import registry
from netbuilder.blocks.spec import TensorSpec
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import GroupId, Project, group_of, group_type
from netbuilder.ui import group_library
from netbuilder.ui.group_copies import holds
from netbuilder.ui.ports import Kind, kind_of
from netbuilder.ui.search_popup import Entry
from netbuilder.ui.theme import GROUP_CATEGORY, theme
from netbuilder.ui.wiring import first_fit

BLOCK_MIME = "application/x-netbuilder-block"
"""What is dragged from the palette onto the canvas: a type of block, or the entry of a group in a file, in UTF-8."""

READY_MADE = "Ready-made groups"

_READY_HANDICAP = 2
"""“dense” is another word for Linear sooner than the beginning of DenseBlock."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of the project, or one in a file: the id by which it is dragged, its name, what it is, where it is listed."""

    id: str
    name: str
    help: str
    section: str
    file: Path | None = None

    category: ClassVar[str] = GROUP_CATEGORY


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the search, whose value is what is to be put there, and its ports; no ports for a file that is damaged."""

    entry: Entry
    kind: Kind | None


def offers(project: Project, sheet: GroupId | None) -> list[Offer]:
    """Return all that can be put on a sheet; a group that holds the sheet can't."""
    return [*_blocks(project), *_groups(project, sheet)]


def groups(project: Project) -> list[GroupRow]:
    """Return the groups of the project, and those in files of whose name it has none, ready-made ones last. Reads no file."""
    kept, ready = group_library.offered(project)
    own = [
        GroupRow(group_type(group), each.name, "A group of this project.", GROUP_CATEGORY)
        for group, each in project.groups.items()
    ]
    own += [_row_of(path, f"A group that you keep: {path}", GROUP_CATEGORY) for path in kept]
    return own + [_row_of(path, group_library.READY_HELP, READY_MADE) for path in ready]


def _row_of(path: Path, help: str, section: str) -> GroupRow:
    return GroupRow(group_library.entry(path), path.stem, help, section, path)


def fed_by(offered: Iterable[Offer], spec: TensorSpec | None) -> list[Offer]:
    """Return what could take a tensor of this spec."""
    return [offer for offer in offered if offer.kind and first_fit(offer.kind, spec)]


def feeding(offered: Iterable[Offer]) -> list[Offer]:
    """Return what could feed an input port: all that has an output, losses and metrics last."""
    able = [(offer.kind.role, offer) for offer in offered if offer.kind and offer.kind.outputs]
    return [offer for _, offer in sorted(able, key=lambda each: each[0] in ("loss", "metric"))]


def _blocks(project: Project) -> Iterator[Offer]:
    for name, block in registry.blocks().items():
        colour = theme().category(block.category)
        entry = Entry(name, block.purpose(), colour, name, keywords=block.aliases, hint=block.category)
        yield Offer(entry, kind_of(project, name))


def _groups(project: Project, sheet: GroupId | None) -> Iterator[Offer]:
    for row in groups(project):
        handicap = _READY_HANDICAP if row.section == READY_MADE else 0
        entry = Entry(row.name, row.help, theme().category(row.category), row.id, hint=row.section, handicap=handicap)
        group = group_of(row.id)
        if row.file:
            yield _in_file(entry, row.file)
        elif group and (sheet is None or not holds(project, group, sheet)):
            yield Offer(entry, kind_of(project, row.id))


def _in_file(entry: Entry, path: Path) -> Offer:
    try:
        source, group = group_library.definition(path)
    except NetbuilderError as error:
        return Offer(replace(entry, subtitle=str(error), value=None, enabled=False), None)
    return Offer(entry, kind_of(source, group_type(group)))
