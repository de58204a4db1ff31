"""Groups to be put into any project: the person's own and ready-made ones, each a `.netb` file of the group's name.

Such a file holds one instance, and the groups that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_data_path

from netbuilder import assets
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
    return _files_in(folder())


def ready_made() -> list[Path]:
    """Return the files of the groups that come with the program, by name, but those in whose place the person keeps their own."""
    own = {path.stem for path in files()}
    return [path for path in _files_in(assets.resources() / "groups") if path.stem not in own]


def _files_in(place: Path) -> list[Path]:
    return sorted(place.glob(f"*{SUFFIX}"), key=lambda path: path.stem.lower())


def entry(path: Path) -> str:
    """Return what a file is called where a block is dragged or asked for by its type."""
    return f"{_ENTRY}{path.stem}"


def path_of(entry: str) -> Path | None:
    """Return the file that `entry` stands for; None for the type of a block."""
    if not entry.startswith(_ENTRY):
        return None
    stem = entry.removeprefix(_ENTRY)
    return next((path for path in (*files(), *ready_made()) if path.stem == stem), None)


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
