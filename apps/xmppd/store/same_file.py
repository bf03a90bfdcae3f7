"""same_file — whether the database's path still leads to the file that is open.

OTP:      none
Way:      store_sqlite (at open), sqlite_writer (before each commit) → [same_file]
Process:  none
Differs:  SQLite goes on writing to a file that was unlinked or replaced, or whose volume was unmounted: all that would
          be acknowledged and gone at the next start. Which file a release has opened stands in the lock file, so that
          a worker that starts again makes no second, empty database beside the one that the others have
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

from xmppd.store.backend import StoreError

#: the variable in which a parent names this run of the release to its workers: a word that no other run has
RELEASE: Final = "XMPPD_RELEASE"

_log = logging.getLogger("xmppd.store")


def identity(path: str) -> str:
    """Device and inode of a file; "" if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


class SameFile:
    """The file of `path` as it is when this is made. `check` costs one stat, some 2 µs."""

    def __init__(self, path: str) -> None:
        self._path, self._file = path, identity(path)
        self._told = False

    def check(self) -> None:
        """Raises StoreError if the path leads elsewhere, or nowhere; the log has it once, as an alarm."""
        found = identity(self._path)
        if found == self._file:
            self._told = False
            return
        text = f"{self._path} was {'replaced' if found else 'taken away'} while the server runs"
        if not self._told:
            self._told = True
            _log.critical("%s: nothing is stored until it is put back, or the server is stopped and started", text)
        raise StoreError(text, reason="gone")


def release() -> str:
    """What all workers of one release have in common, and no other release: they are told it at their start. Of a
    process that was told nothing: who started it."""
    return os.environ.get(RELEASE) or f"child-of-{os.getppid()}"


def may_open(path: str, who: str) -> None:
    """Raises StoreError if the release `who` has opened another file at this path before."""
    try:
        before, _, file = Path(path + "-lock").read_text("ascii").partition(" ")
    except (OSError, ValueError):
        return
    if before == who and file not in ("", identity(path)):
        raise StoreError(f"{path} is not the file that this server has opened: put it back, or stop and start")


def opened(path: str, who: str) -> None:
    """Note that the release `who` has this file open."""
    Path(path + "-lock").write_text(f"{who} {identity(path)}", "ascii")


def forget(path: str) -> None:
    """Whoever opens the database next takes the file that is there: it was replaced on purpose, while nobody had it."""
    with contextlib.suppress(FileNotFoundError):
        os.truncate(path + "-lock", 0)
