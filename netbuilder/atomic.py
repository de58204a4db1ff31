"""A file is written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from netbuilder.diagnostics import NetbuilderError


def atomic_write(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file.

    After a crash, a full disk or a refusal it holds the old bytes or the new.

    A symbolic link stays one, and its target is written; permissions are kept. Raises `NetbuilderError`.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise NetbuilderError(f"{path} can't be written: {reason(error)}.") from None


def reason(error: OSError) -> str:
    """Say in a few words, fit for the end of a sentence, why the system refused a file."""
    words = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your quota on this disk is used up",
        errno.ENOENT: "there is no such file or folder",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
        errno.EISDIR: "it is a folder",
        errno.EEXIST: "there is one already",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
        errno.EROFS: "the disk is read-only",
        errno.ENAMETOOLONG: "its name is too long",
        errno.ELOOP: "its symbolic links go round in a circle",
    }
    if error.errno in words:
        return words[error.errno]
    return (error.strerror or str(error) or type(error).__name__).lower()


def _write(path: Path, content: bytes) -> None:
    old = _status(path)
    if old and stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if old and not stat.S_ISREG(old.st_mode):  # a pipe or a terminal holds nothing that could be lost
        path.write_bytes(content)
        return
    if old and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "")

    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".netbuilder-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if old:
            _take_over(old, temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _take_over(old: os.stat_result, temporary: Path) -> None:
    """Give the new file the owner and the permissions of the old one."""
    if os.name == "posix":
        with contextlib.suppress(PermissionError):  # only root gives files away
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows has no handle to sync a folder by
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # the new file is in place; some network disks can't promise more
            os.fsync(handle)
    finally:
        os.close(handle)
