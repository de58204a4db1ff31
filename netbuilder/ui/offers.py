"""What can be put on a sheet, as search and palette show it: blocks, the project's groups, and groups in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import ClassVar

from netbuilder.blocks import registry
from netbuilder.blocks.spec import TensorSpec
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import Group, GroupId, Project, group_of, group_type
from netbuilder.ui import group_library
from netbuilder.ui.group_copies import holds
from netbuilder.ui.panels.help import group_tooltip
from netbuilder.ui.ports import Kind, kind_of
from netbuilder.ui.search_popup import Entry
from netbuilder.ui.theme import GROUP_CATEGORY, theme
from netbuilder.ui.wiring import first_fit

BLOCK_MIME = "application/x-netbuilder-block"
"""What is dragged from the palette onto the canvas: a type of block, or the entry of a group in a file, in UTF-8."""

IN_PROJECT = "Groups of this project"
LIBRARY = "My library"
READY_MADE = "Ready-made groups"

_OWN = "A group of this project."
_READY = "Ready-made: put it in, go into it, change it."

_READY_HANDICAP = 2
"""“dense” is another word for Linear sooner than the beginning of DenseBlock."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of the project, or one in a file: the id by which it is dragged, its name, what it is,
    where it is listed.

    `tip` is its tooltip, as far as it can be told without reading its file.
    """

    id: str
    name: str
    help: str
    section: str
    tip: str = ""
    file: Path | None = None

    category: ClassVar[str] = GROUP_CATEGORY


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the search, whose value is what is to be put there, and its ports;
    no ports for a file that is damaged.
    """

    entry: Entry
    kind: Kind | None


def offers(project: Project, sheet: GroupId | None) -> list[Offer]:
    """Return all that can be put on a sheet; a group that holds the sheet can't."""
    return [*_blocks(project), *_groups(project, sheet)]


def groups(project: Project) -> list[GroupRow]:
    """Return the groups of the project, those that are kept, and the ready-made ones. Reads no file."""
    own = [
        GroupRow(group_type(group), each.name, each.summary() or _OWN, IN_PROJECT, group_tooltip(each, _OWN))
        for group, each in project.groups.items()
    ]
    kept = [_row_of(path, f"A group that you keep: {path}", LIBRARY) for path in group_library.files()]
    return own + kept + [_row_of(path, _READY, READY_MADE) for path in group_library.ready_made()]


def _row_of(path: Path, help: str, section: str) -> GroupRow:
    return GroupRow(group_library.entry(path), path.stem, help, section, file=path)


def definition(project: Project, row: GroupRow) -> Group | None:
    """Return the group that a row stands for; None where its file can't be read."""
    if row.file is None:
        return project.groups[group] if (group := group_of(row.id)) else None
    try:
        source, group = group_library.definition(row.file)
    except NetbuilderError:
        return None
    return source.groups[group]


def tooltip(row: GroupRow) -> str:
    """Return what is taught about a group, as HTML; its file is read for that."""
    if row.file is None:
        return row.tip
    try:
        source, group = group_library.definition(row.file)
    except NetbuilderError as error:
        return f"<p>{escape(str(error))}</p>"
    return group_tooltip(source.groups[group], row.help)


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
    described = replace(entry, subtitle=source.groups[group].summary() or entry.subtitle)
    return Offer(described, kind_of(source, group_type(group)))
