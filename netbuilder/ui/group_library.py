"""The person's own groups: each a `.netb` file in their data folder, which holds one instance and the groups it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_data_path

from netbuilder.graph.edits import AddNode, Edit
from netbuilder.graph.files import SUFFIX, load, save
from netbuilder.graph.model import Node, NodeId
from netbuilder.graph.project import GroupId, Position, Project, group_type
from netbuilder.ui import clip

_ENTRY = "kept:"


def folder() -> Path:
    """Return where this person's groups are kept."""
    return user_data_path("netbuilder", appauthor=False) / "groups"


def files() -> list[Path]:
    """Return the files of all groups that are kept, by name."""
    return sorted(folder().glob(f"*{SUFFIX}"), key=lambda path: path.stem.lower())


def entry(path: Path) -> str:
    """Return what a file is called where a block is dragged or asked for by its type."""
    return f"{_ENTRY}{path.stem}"


def path_of(entry: str) -> Path | None:
    """Return the file that `entry` stands for; None for the type of a block."""
    return (
        next((path for path in files() if f"{_ENTRY}{path.stem}" == entry), None) if entry.startswith(_ENTRY) else None
    )


def keep(project: Project, group: GroupId) -> Path:
    """Write a group, with the groups that it uses, to a file of its name; one of the same name is replaced.

    Raises `NetbuilderError`.
    """
    definition = project.groups[group]
    scratch = project.copy()
    box = Node(next(project.new_ids()), group_type(group), scratch.graph.free_name(definition.name), {})
    AddNode(box).apply(scratch)
    copied = clip.clip(scratch, [box.id])
    assert copied, "there is one block to be copied"
    path = folder() / f"{definition.name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(copied.project, path)
    return path


def insert(project: Project, sheet: GroupId | None, ids: Iterator[NodeId], path: Path, position: Position) -> Edit:
    """Put what a file holds on a sheet, with the groups that the project lacks. Raises `NetbuilderError`."""
    return clip.paste(project, ids, clip.Clip(load(path), ()), position, sheet=sheet)
