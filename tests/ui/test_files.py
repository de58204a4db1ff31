from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import RenameNode
from netbuilder.graph.files import dumps, load, save
from netbuilder.ui.document import Document
from netbuilder.ui.files import Files
from netbuilder.ui.settings import recent_files
from tests.drawing import digits_cnn
from tests.ui.hands import answer, message, on_question, save_in_dialog


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    return window


@pytest.fixture
def document(window: QWidget) -> Document:
    return Document(parent=window)


@pytest.fixture
def files(document: Document, window: QWidget) -> Files:
    return Files(document, window)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "digits.netb"
    save(digits_cnn().project, path)
    return path


def change(document: Document) -> None:
    node = next(iter(document.project.graph))
    document.apply(RenameNode(node, "changed"))


def test_an_opened_project_is_unmodified_and_among_the_recent(files: Files, document: Document, saved: Path) -> None:
    assert files.open(saved)
    assert document.path == saved
    assert not document.modified
    assert recent_files() == [saved]


def test_save_writes_the_file_and_takes_the_star_away(files: Files, document: Document, saved: Path) -> None:
    files.open(saved)
    change(document)
    assert document.modified
    assert files.save()
    assert not document.modified
    assert dumps(load(saved)) == dumps(document.project)


def written_from_elsewhere(saved: Path) -> bytes:
    other = load(saved)
    RenameNode(next(iter(other.graph)), "theirs").apply(other)
    save(other, saved)
    return saved.read_bytes()


@pytest.mark.parametrize(("choice", "is_saved"), [("stay", False), ("overwrite", True)])
def test_what_another_window_wrote_into_the_file_is_not_overwritten_unasked(
    files: Files, document: Document, saved: Path, qtbot: QtBot, choice: str, is_saved: bool
) -> None:
    files.open(saved)
    change(document)
    theirs = written_from_elsewhere(saved)
    answer(choice)
    assert files.save() == is_saved
    assert document.modified != is_saved
    assert saved.read_bytes() == (dumps(document.project).encode() if is_saved else theirs)


def test_after_an_overwrite_or_a_deletion_saving_asks_nothing(
    files: Files, document: Document, saved: Path, qtbot: QtBot
) -> None:
    files.open(saved)
    written_from_elsewhere(saved)
    answer("overwrite")
    assert files.save()
    change(document)
    assert files.save()
    saved.unlink()
    change_back = RenameNode(next(iter(document.project.graph)), "changed_again")
    document.apply(change_back)
    assert files.save()
    assert dumps(load(saved)) == dumps(document.project)


def test_what_is_written_into_the_file_while_it_is_opened_is_not_overwritten_unasked(
    document: Document, window: QWidget, saved: Path, qtbot: QtBot
) -> None:
    def answer_late() -> bool:
        written_from_elsewhere(saved)  # while the question about a run under way stands open
        return True

    files = Files(document, window, answer_late)
    assert files.open(saved)
    theirs = saved.read_bytes()
    change(document)
    answer("stay")
    assert not files.save()
    assert saved.read_bytes() == theirs


def test_a_copy_in_the_projects_own_file_is_the_project_saved(
    files: Files, document: Document, saved: Path, qtbot: QtBot
) -> None:
    files.open(saved)
    change(document)
    save_in_dialog(saved)
    assert files.save_copy()
    assert not document.modified
    node = next(iter(document.project.graph))
    document.apply(RenameNode(node, "changed_again"))
    assert files.save(), "nobody else has written the file"


def test_a_copy_elsewhere_leaves_the_project_unsaved(
    files: Files, document: Document, saved: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    files.open(saved)
    change(document)
    save_in_dialog(tmp_path / "copy.netb")
    assert files.save_copy()
    assert load(tmp_path / "copy.netb").graph.named("changed")
    assert document.modified
    assert document.path == saved


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "netbuilder", "version": 99}', b"\xff\xfe\x00"])
def test_a_broken_file_is_told_in_a_sentence_and_the_open_project_stays(
    files: Files, document: Document, window: QWidget, saved: Path, content: bytes
) -> None:
    files.open(saved)
    change(document)
    document.mark_saved(saved)
    before = dumps(document.project)
    broken = saved.with_name("broken.netb")
    broken.write_bytes(content)
    assert not files.open(broken)
    said = message(window)
    assert said
    assert "broken.netb" in said.sentence.text()
    assert "Traceback" not in said.sentence.text()
    assert dumps(document.project) == before
    assert document.path == saved
    assert broken.read_bytes() == content


def test_a_full_disk_is_told_and_the_project_stays_unsaved(
    files: Files, document: Document, window: QWidget, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.open(saved)
    before = saved.read_bytes()
    change(document)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert not files.save()
    said = message(window)
    assert said
    assert "disk is full" in said.sentence.text()
    assert document.modified
    assert saved.read_bytes() == before
    assert sorted(saved.parent.glob("*.netb")) == [saved]


@pytest.mark.parametrize(
    ("choice", "stays", "written"), [("stay", True, False), ("discard", False, False), ("save", False, True)]
)
def test_unsaved_changes_are_asked_about(
    files: Files, document: Document, qtbot: QtBot, saved: Path, choice: str, stays: bool, written: bool
) -> None:
    files.open(saved)
    change(document)
    answer(choice)
    assert files.new() is not stays
    assert bool(len(document.project.graph)) is stays
    assert (load(saved).graph.named("changed") is not None) is written


def test_enter_saves(files: Files, document: Document, qtbot: QtBot, saved: Path) -> None:
    files.open(saved)
    change(document)
    on_question(lambda dialog: qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return))
    assert files.new()
    assert load(saved).graph.named("changed")


def test_escape_keeps_the_project(files: Files, document: Document, qtbot: QtBot, saved: Path) -> None:
    files.open(saved)
    change(document)
    on_question(lambda dialog: qtbot.keyClick(dialog, Qt.Key.Key_Escape))
    assert not files.new()
    assert document.modified


def test_save_as_asks_for_a_file_and_ends_in_netb(
    files: Files, document: Document, qtbot: QtBot, saved: Path, tmp_path: Path
) -> None:
    files.open(saved)
    save_in_dialog(tmp_path / "another")
    assert files.save_as()
    assert document.path == tmp_path / "another.netb"
    assert recent_files() == [tmp_path / "another.netb", saved]


def test_an_example_opens_without_a_file_so_that_nobody_saves_over_it(
    files: Files, document: Document, tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netbuilder.ui.files.examples", lambda: tmp_path)
    assert files.open(saved)
    assert document.path is None
    assert document.name == "digits"
    assert not document.modified
    assert recent_files() == []


def test_recent_files_that_are_gone_are_not_offered(files: Files, saved: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.netb"
    save(digits_cnn().project, second)
    files.open(saved)
    files.open(second)
    assert recent_files() == [second, saved]
    second.unlink()
    assert recent_files() == [saved]
