"""A file that is being saved is the old one or the new one, never half of it."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from netbuilder.atomic import atomic_write
from netbuilder.diagnostics import NetbuilderError


def test_a_new_file_appears_whole_and_alone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "new", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new").read_bytes() == b"content"


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"


def test_permissions_are_kept_and_a_new_file_has_the_usual_ones(tmp_path: Path) -> None:
    usual, private = tmp_path / "usual", tmp_path / "private"
    usual.touch()
    private.touch()
    private.chmod(0o640)
    atomic_write(private, b"new")
    atomic_write(tmp_path / "fresh", b"new")
    assert stat.S_IMODE(private.stat().st_mode) == 0o640
    assert (tmp_path / "fresh").stat().st_mode == usual.stat().st_mode


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(Path("folder") / "target")
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    atomic_write(pipe, b"through")
    reader.join()
    assert received == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EIO, os.strerror(errno.EIO).lower())]
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(NetbuilderError) as caught:
        atomic_write(path, b"new")
    assert str(caught.value) == f"{path} can't be written: {words}."
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_device_that_is_full_says_so() -> None:
    with pytest.raises(NetbuilderError, match="the disk is full"):
        atomic_write(Path("/dev/full"), b"content")


def test_an_interrupted_save_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(NetbuilderError, match="can't be written: it is a folder"):
        atomic_write(tmp_path, b"content")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetbuilderError, match="there is no such file or folder"):
        atomic_write(tmp_path / "nowhere" / "file", b"content")


def test_a_write_protected_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(NetbuilderError, match="permission denied"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
