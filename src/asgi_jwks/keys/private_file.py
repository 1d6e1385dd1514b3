"""A file that only this process's user can write.

It is read only if that is so (requirement F23), and replaced whole. It does not know what the file
says.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["FileRefused", "PrivateFile"]

# POSIX. Opening a FIFO that nobody writes to would wait for ever, and a link leads anywhere.
_SAFELY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_effective_user: Final[Callable[[], int] | None] = getattr(os, "geteuid", None)


class FileRefused(Exception):
    """The file is there and is not read; the message says why."""


class PrivateFile:
    """A file that is read safely and replaced whole, by any process of its user.

    Args:
        path: the file. Its directory must exist when it is replaced.
        largest: bytes; a larger file is refused.
    """

    def __init__(self, path: Path, *, largest: int) -> None:
        self.path: Final = path
        self._largest: Final = largest
        self._seen: tuple[int, int, int] | None = None

    def has_changed(self) -> bool:
        """Whether the file is another one than when it was last looked at."""
        try:
            current = _signature(self.path.lstat())
        except OSError:
            return False
        before, self._seen = self._seen, current
        return current != before

    def read(self) -> bytes | None:
        """The content, or None if there is no file.

        Raises:
            FileRefused: it is not a regular file that only the effective user can write, it is
                too large, or it cannot be read.
        """
        try:
            return self._content()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.EMLINK}:
                raise FileRefused("it is a symbolic link") from error
            raise FileRefused(f"it cannot be read: {error}") from error

    def replace(self, text: str) -> None:
        """Write the file anew, readable and writable by this user alone.

        Raises:
            OSError: it cannot be written; the file before, if there was one, is whole still.
        """
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                written = _signature(os.fstat(file.fileno()))
            temporary.replace(self.path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        self._seen = written

    def _content(self) -> bytes:
        descriptor = os.open(self.path, os.O_RDONLY | _SAFELY)
        try:
            status = os.fstat(descriptor)
            _require_own_file(status)
            self._seen = _signature(status)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(self._largest + 1)
        finally:
            os.close(descriptor)
        if len(content) > self._largest:
            raise FileRefused(f"it is larger than {self._largest} bytes")
        return content


def _require_own_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused("it is not a regular file")
    if _effective_user is None:
        # Windows has neither owners nor modes of this kind.
        return
    if status.st_uid != _effective_user():
        raise FileRefused(
            f"its owner is the user {status.st_uid} and not {_effective_user()}, which this "
            "process runs as"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise FileRefused(
            f"others than its owner may write it (mode {stat.S_IMODE(status.st_mode):o}): "
            "chmod go-w"
        )


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_ino, status.st_size
