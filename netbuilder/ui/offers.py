"""What can be put on a sheet, as the search shows it: blocks, the project's groups, and groups that are kept in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QColor

from netbuilder.blocks import registry
from netbuilder.blocks.spec import TensorSpec
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import GroupId, Project, group_type
from netbuilder.ui import group_library
from netbuilder.ui.group_copies import holds
from netbuilder.ui.ports import Kind, kind_of
from netbuilder.ui.search_popup import Entry
from netbuilder.ui.theme import GROUP_CATEGORY, theme
from netbuilder.ui.wiring import first_fit

BLOCK_MIME = "application/x-netbuilder-block"
"""What is dragged from the palette onto the canvas: a type of block, or the entry of a group in a file, in UTF-8."""

_READY_HANDICAP = 2
"""“dense” is another word for Linear sooner than the beginning of DenseBlock."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the search, whose value is what is to be put there, and its ports; no ports for a file that is damaged."""

    entry: Entry
    kind: Kind | None


def offers(project: Project, sheet: GroupId | None) -> list[Offer]:
    """Return all that can be put on a sheet; a group that holds the sheet can't."""
    return [*_blocks(project), *_groups(project, sheet), *_files(project)]


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
    for group, each in project.groups.items():
        if sheet is None or not holds(project, group, sheet):
            entry = Entry(each.name, "A group of this project", _colour(), group_type(group), hint="My groups")
            yield Offer(entry, kind_of(project, group_type(group)))


def _files(project: Project) -> Iterator[Offer]:
    kept, ready = group_library.offered(project)
    yield from (_file(path, "A group that you keep", "My groups", 0) for path in kept)
    yield from (_file(path, group_library.READY_HELP, "Ready-made groups", _READY_HANDICAP) for path in ready)


def _file(path: Path, about: str, hint: str, handicap: int) -> Offer:
    try:
        source, group = group_library.definition(path)
    except NetbuilderError as error:
        return Offer(Entry(path.stem, str(error), _colour(), hint=hint, enabled=False), None)
    entry = Entry(path.stem, about, _colour(), group_library.entry(path), hint=hint, handicap=handicap)
    return Offer(entry, kind_of(source, group_type(group)))


def _colour() -> QColor:
    return theme().category(GROUP_CATEGORY)
