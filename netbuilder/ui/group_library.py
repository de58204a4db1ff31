"""Groups to be put into any project: the person's own and ready-made ones, each a `.netb` file of the group's name.

Such a file holds one instance, and the groups that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path
from PySide6.QtCore import QFile

from netbuilder import assets
from netbuilder.atomic import reason
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph import model
from netbuilder.graph.edits import AddNode, Batch, Edit, RenameGroup, describe, inside
from netbuilder.graph.files import SUFFIX, load, save
from netbuilder.graph.model import Node, NodeId
from netbuilder.graph.project import Group, GroupId, Project, group_of, group_type
from netbuilder.ui import clip
from netbuilder.ui.group_copies import Draft, bring_groups, contents, refused_inside
from netbuilder.ui.wiring import Refusal

_ENTRY = "kept:"


def folder() -> Path:
    """Return where this person's groups are kept."""
    return user_data_path("netbuilder", appauthor=False) / "groups"


def files() -> list[Path]:
    """Return the files of all groups that are kept, by name."""
    return _files_in(folder())


def ready_made() -> list[Path]:
    """Return the files of the groups that come with the program, by name,
    but those in whose place the person keeps their own.
    """
    own = {path.stem for path in files()}
    return [path for path in _files_in(assets.resources() / "groups") if path.stem not in own]


def ready_made_groups() -> list[Group]:
    """Return the groups that come with the program, by name. Raises `NetbuilderError`."""
    found = map(definition, _files_in(assets.resources() / "groups"))
    return [source.groups[group] for source, group in found]


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


def kept(name: str) -> Path | None:
    """Return the file of the group that is kept under this name, if one is."""
    path = folder() / f"{name}{SUFFIX}"
    return path if path.exists() else None


def is_kept(project: Project, group: GroupId) -> bool:
    """Tell whether this very group is kept under its name, drawn just so."""
    path = kept(project.groups[group].name)
    if path is None:
        return False
    try:
        source, there = definition(path)
    except NetbuilderError:  # a damaged file is another one
        return False
    drawn = contents(project, as_drawn=True).get(group)
    return drawn is not None and drawn == contents(source, as_drawn=True).get(there)


def free_name(project: Project, stem: str) -> str:
    """Return `stem` as a name that no group has that is kept or in the project: stage, stage_2, stage_3."""
    return model.free_name(stem, {path.stem for path in files()} | {group.name for group in project.groups.values()})


def keep(project: Project, group: GroupId, name: str = "") -> tuple[Path, Path | None]:
    """Write a group, with the groups that it uses, to a file of its name, or under another `name`.

    Returns that file, and where the one of the same name was put that was there before. Raises `NetbuilderError`.
    """
    scratch = project.copy()
    if name:
        RenameGroup(group, name).apply(scratch)
    called = scratch.groups[group].name
    box = Node(next(project.new_ids()), group_type(group), scratch.graph.free_name(called), {})
    AddNode(box).apply(scratch)
    copied = clip.clip(scratch, [box.id])
    assert copied, "there is one block to be copied"
    path = folder() / f"{called}{SUFFIX}"
    with _told(f"The folder {path.parent} can't be made"):
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    save(copied.project, fresh)
    try:
        before = put_away(path) if path.exists() else None  # only once the new one is safe
        with _told(f"{path} can't be written"):
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return path, before


def put_away(path: Path) -> Path:
    """Move a file to the trash, or where there is none beside where it was, with `.bak` behind its name;
    return where it is.

    Raises `NetbuilderError`.
    """
    file = QFile(str(path))
    if file.moveToTrash():
        return Path(file.fileName())
    with _told(f"{path} can't be put away"):
        return path.rename(_free_backup(path))


def _free_backup(path: Path) -> Path:
    numbers = ("", *(str(number) for number in range(2, 1_000)))
    backups = (path.with_name(f"{path.name}.bak{number}") for number in numbers)
    return next(backup for backup in backups if not backup.exists())


def rename(path: Path, name: str) -> Path:
    """Give a group that is kept another name, in its file too; return the new file. Raises `NetbuilderError`."""
    source, group = definition(path)
    project = source.copy()
    try:
        RenameGroup(group, name).apply(project)
    except model.GraphError as error:
        raise NetbuilderError(str(error)) from None
    if kept(name):
        raise NetbuilderError(f"A group named “{name}” is in your library already.")
    renamed = path.with_name(f"{name}{SUFFIX}")
    save(project, renamed)
    with _told(f"{path} can't be deleted"):
        path.unlink()
    return renamed


def definition(path: Path) -> tuple[Project, GroupId]:
    """Return what a file holds, to be read only, and which of its groups it is there for. Raises `NetbuilderError`."""
    with _told(f"{path} can't be read"):
        changed = path.stat().st_mtime_ns
    return _definition(path, changed)


@contextmanager
def _told(failure: str) -> Iterator[None]:
    """Let what the system refuses be a sentence: what failed, and why."""
    try:
        yield
    except OSError as error:
        raise NetbuilderError(f"{failure}: {reason(error)}.") from None


@lru_cache(maxsize=256)
def _definition(path: Path, _changed: int) -> tuple[Project, GroupId]:
    project = load(path)
    boxes = list(project.graph.nodes())
    group = group_of(boxes[0].type) if len(boxes) == 1 else None
    if group is None or group not in project.groups:
        raise NetbuilderError(f"{path} is not a group file: it has to hold one instance and nothing else.")
    return project, group


@dataclass(frozen=True, slots=True)
class Supply:
    """A type of block at hand, to be put on a sheet: a group from a file has to be defined in the project first.

    `sheet` is where it is put, with the definitions, to be read only.
    """

    type_id: str
    sheet: Project
    group: GroupId | None
    definitions: tuple[Edit, ...] = ()

    def edit(self, intent: Edit | Refusal) -> Edit | Refusal:
        """Return an intent that was made for `sheet` as an edit of the project, one undo step with the definitions."""
        if isinstance(intent, Refusal):
            return intent
        here = inside(intent, self.group) if self.group else intent
        return Batch((*self.definitions, here), describe(intent, self.sheet)) if self.definitions else here


def supply(project: Project, sheet: GroupId | None, ids: Iterator[NodeId], wanted: str) -> Supply | Refusal:
    """Bring what was dragged or asked for, a type of block or an `entry`, within reach of a sheet.

    Refused is a group that holds the sheet itself, and a file that can't be read.
    """
    definitions: tuple[Edit, ...] = ()
    group = group_of(wanted)
    if wanted.startswith(_ENTRY):
        path = path_of(wanted)
        if path is None:
            return Refusal("unknown", f"The file of “{wanted.removeprefix(_ENTRY)}” is gone.")
        try:
            source, kept = definition(path)
        except NetbuilderError as error:
            return Refusal("unknown", str(error))
        draft = Draft(project)
        group = bring_groups(draft, ids, source)[kept]
        project, wanted, definitions = draft.project, group_type(group), tuple(draft.edits)
    refused = refused_inside(project, sheet, group) if group else None
    if refused:
        return refused
    return Supply(wanted, project.inside(sheet) if sheet else project, sheet, definitions)
