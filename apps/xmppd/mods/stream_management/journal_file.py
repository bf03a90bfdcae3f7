"""journal_file — a worker's journal on disk: appended to while the worker lives, claimed by another when it is dead.

    folder/w1.3.5f2c90aa.journal      locked (flock) by the worker that writes it, as long as its process lives
    folder/w1.3.5f2c90aa.taken        by the one that takes over what it says, until that is done

The kernel lets go of the lock when the process ends, however it ends: who gets the lock of a journal knows that its
writer is dead, and alone has what it left. What is written is not synced: it outlives every kill, and not the machine.

Way:      stream management → [JournalFile.append]; adopt → [claim]
OTP:      cf. disk_log; the owner of a DETS table after its node has died
Process:  none of its own: written by the c2s processes of the worker, one after the other
Differs:  a disk that is full costs nobody a stanza: the journal goes (`append` returns False), and with it only the
          hope to resume after a kill
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from xmppd.mods.stream_management import journal
from xmppd.mods.stream_management.journal import JournalHeader, Record, Replay

SUFFIX: Final = ".journal"
#: of one whose writer is dead, while another process takes over what it says
TAKEN: Final = ".taken"
_NEW: Final = ".new"
_ANOTHERS, _NONE = -1, -2
#: octets that a journal may have before it is compacted, and how many times those that it had after the last time
LEAST: Final = 1 << 20
TIMES: Final = 4
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_BOOT: Final = "/proc/sys/kernel/random/boot_id"
log = logging.getLogger("xmppd.sm")


def boot_id() -> str:
    """Which life of this machine it is; "" where the system does not say."""
    try:
        return Path(_BOOT).read_text(encoding="ascii").strip()
    except OSError:
        return ""


class JournalFile:
    """One that this process writes. Raises OSError if it cannot be begun."""

    __slots__ = ("_base", "_fd", "header", "path", "size")

    def __init__(self, folder: Path, header: JournalHeader) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.header, self.path = header, path_of(folder, header.owner)
        self._fd = _locked(self.path)
        if self._fd < 0:
            raise BlockingIOError(f"{self.path} is another process's")
        self.size = self._base = 0
        self._write(journal.MAGIC + journal.encode(header))
        self._base = self.size

    @property
    def alive(self) -> bool:
        """Whether it is being written."""
        return self._fd >= 0

    def append(self, record: Record) -> bool:
        """Write a record: it is there when this returns, though this process be killed. False: it is not, and the
        journal is no more."""
        if self._fd < 0:
            return False
        try:
            self._write(journal.encode(record))
        except OSError as error:
            log.error("%s cannot be written, so no session would outlive this worker: %s", self.path, error)
            self.drop()
            return False
        return True

    def _write(self, data: bytes) -> None:
        done = os.write(self._fd, data)
        if done < len(data):
            raise OSError(f"{done} of {len(data)} octets were written")
        self.size += done

    @property
    def is_long(self) -> bool:
        """Whether it is time to compact it."""
        return self.alive and self.size > LEAST and self.size > TIMES * self._base

    def shorten(self, upto: int) -> int:
        """Write what its first `upto` octets say, compacted, into a new file; returns its descriptor. May be called on
        another thread. Raises OSError."""
        data = _all(self._fd, upto)
        fd = _locked(path_of(self.path.parent, self.header.owner + _NEW))
        os.ftruncate(fd, 0)
        _write_all(fd, journal.compacted(journal.replay(data)))
        return fd

    def replace(self, fd: int, upto: int) -> None:
        """The new file takes its place, with what has been written behind the first `upto` octets meanwhile. Raises
        OSError."""
        if not self.alive:
            os.close(fd)
            return
        _write_all(fd, _all(self._fd, self.size)[upto:])
        os.rename(path_of(self.path.parent, self.header.owner + _NEW), self.path)
        old, self._fd = self._fd, fd
        os.close(old)
        self.size = self._base = os.fstat(fd).st_size

    def replay(self) -> Replay:
        """What it says now."""
        return journal.replay(_all(self._fd, self.size)) if self.alive else Replay()

    def close(self) -> None:
        """Whoever comes may claim it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def drop(self) -> None:
        """There is no journal any more: what it says is not true."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.close()


class Claim:
    """The journal of a dead worker, which is this process's alone: until it is done with, or this is forgotten."""

    __slots__ = ("_file", "owner", "path")

    def __init__(self, owner: str, path: Path, fd: int) -> None:
        self.owner, self.path, self._file = owner, path, io.FileIO(fd, "r+")

    def read(self) -> Replay:
        """What it says."""
        fd = self._file.fileno()
        return journal.replay(_all(fd, os.fstat(fd).st_size))

    def done(self) -> None:
        """What it said has been taken over: it goes."""
        path_of(self.path.parent, self.owner + _NEW).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        self._file.close()

    def give_up(self) -> None:
        """Another may claim it."""
        self._file.close()


def path_of(folder: Path, owner: str) -> Path:
    """Where the journal of an owner is."""
    return folder / f"{owner}{SUFFIX}"


def owners(folder: Path) -> Iterator[str]:
    """Those who have left a journal there, or write one."""
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            if path.suffix in (SUFFIX, TAKEN):
                yield path.stem


def claim(folder: Path, owner: str) -> Claim | None:
    """The journal of an owner that is dead, even if it has left none; None if it lives, or somebody else is at it.
    Raises OSError."""
    written = path_of(folder, owner)
    taken = written.with_suffix(TAKEN)
    fd = _locked(taken, os.O_RDWR | os.O_CLOEXEC)  # of one that has claimed it, and died
    if fd == _NONE:
        fd = _locked(written)
        if fd >= 0 and taken.exists():  # somebody was faster
            written.unlink()
            os.close(fd)
            return None
        if fd >= 0:
            os.rename(written, taken)
    return Claim(owner, taken, fd) if fd >= 0 else None


def are_left(folder: Path, own: str) -> bool:
    """Whether dead processes have left journals that nobody is at; `own`: the owner that this process is."""
    for path in folder.glob(f"*{SUFFIX}"):
        if path.stem != own and (fd := _locked(path, os.O_RDWR | os.O_CLOEXEC)) >= 0:
            os.close(fd)
            return True
    return False


def are_being_taken(folder: Path) -> bool:
    """Whether somebody is at what a dead process has left."""
    for path in folder.glob(f"*{TAKEN}"):
        fd = _locked(path, os.O_RDWR | os.O_CLOEXEC)
        if fd >= 0:
            os.close(fd)
        elif fd == _ANOTHERS:
            return True
    return False


def _locked(path: Path, flags: int = _FLAGS) -> int:
    """A descriptor of the file with its lock, _ANOTHERS if another process has it, _NONE if there is no such file."""
    while True:
        try:
            fd = os.open(path, flags, 0o600)
        except FileNotFoundError:
            return _NONE
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return _ANOTHERS
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_ino == os.fstat(fd).st_ino:
                return fd
        os.close(fd)  # it was taken away, or replaced, between the two


def _all(fd: int, upto: int) -> bytes:
    parts, at = [], 0
    while at < upto and (part := os.pread(fd, upto - at, at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
