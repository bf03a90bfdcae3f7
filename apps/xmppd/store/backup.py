"""backup — one file that holds all of a database, and back again.

OTP:      cf. mnesia:backup/1, mnesia:restore/2
Way:      cli.db_verbs → [backup] → direct, copying
Process:  none
Differs:  a backup is a database of SQLite, whatever kind it was made of: it can be looked at with any tool, checked,
          and restored to either kind
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from xmppd import crash_points
from xmppd.store import copying, direct, same_file
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.copying import CopyProgress, TableCopy, Tell, silent
from xmppd.store.direct import Direct, SqliteDirect
from xmppd.store.schema import Schema
from xmppd.store.sqlite_writer import store_error

#: pages of a file that are copied at a time
_PAGES: Final = 2048
#: what belongs to a file of SQLite
_PARTS: Final = ("", "-wal", "-shm")


def back_up(config: StoreConfig, schemas: Sequence[Schema], file: Path, tell: Tell = silent) -> list[TableCopy]:
    """Write a backup of the store to `file`, also while the server runs: as it is at this moment, checked, on disk.

    Raises StoreError, FileExistsError: nothing is overwritten.
    """
    if file.exists():
        raise FileExistsError(17, "is there already", str(file))
    part = file.with_name(file.name + ".part")
    _remove(part)
    os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    try:
        with closing(direct.open_direct(config, read_only=True)) as source:
            done = _write(source, str(part), schemas, tell)
        crash_points.reach("db.in_backup")
        if trouble := direct.is_sound(str(part)):
            raise StoreError(f"the backup is damaged: {trouble}", "internal-server-error")
        put_in_place(part, file)
    finally:
        _remove(part)
    return done


def _write(source: Direct, part: str, schemas: Sequence[Schema], tell: Tell) -> list[TableCopy]:
    with closing(SqliteDirect(part)) as target:
        if isinstance(source, SqliteDirect):
            done = _pages(source, target, schemas, tell)
        else:
            done = copying.copy(source, target, schemas, tell)
        target.query("PRAGMA journal_mode = DELETE")  # one file, whole
    return done


def _pages(source: SqliteDirect, target: SqliteDirect, schemas: Sequence[Schema], tell: Tell) -> list[TableCopy]:
    """SQLite's own way. A transaction that reads holds the file as it is: without it each commit of the server would
    begin the backup anew."""
    source.begin()
    try:
        at = direct.as_they_are(schemas, direct.versions(source))
        source.conn.backup(
            target.conn, pages=_PAGES, progress=lambda _s, left, all_: tell(CopyProgress("pages", all_ - left, all_))
        )
        counts = [(name, direct.count(source, name), direct.count(target, name)) for name in sorted(direct.shapes(at))]
    except sqlite3.Error as exc:
        raise store_error(exc) from exc
    finally:
        source.end()
    if odd := [name for name, ours, theirs in counts if ours != theirs]:
        raise StoreError(f"the backup has other rows in {', '.join(odd)}", "internal-server-error")
    return [TableCopy(name, ours, ours, 0) for name, ours, _ in counts]


def check(file: Path, schemas: Sequence[Schema]) -> dict[str, int]:
    """The steps that a backup is at. Raises StoreError if it is none, is damaged, or is a newer server's."""
    if not file.is_file():
        raise StoreError(f"there is no {file}", "internal-server-error")
    if trouble := direct.is_sound(str(file)):
        raise StoreError(f"{file}: {trouble}", "internal-server-error")
    with closing(SqliteDirect(str(file), read_only=True)) as db:
        found = direct.versions(db)
    if not found:
        raise StoreError(f"{file} is no backup of xmppd", "internal-server-error")
    direct.as_they_are(schemas, found)
    return found


def restore(
    config: StoreConfig, schemas: Sequence[Schema], file: Path, now: datetime, tell: Tell = silent
) -> tuple[list[TableCopy], str]:
    """Make the store hold what a backup holds, while no server runs. Of SQLite the file that was there is kept, under
    another name, which is returned too. Raises StoreError; then all is as it was."""
    check(file, schemas)
    if config.backend == "postgres":
        with closing(SqliteDirect(str(file), read_only=True)) as source, closing(direct.open_direct(config)) as target:
            return copying.copy(source, target, schemas, tell, replace=True), ""
    if config.backend != "sqlite":
        raise StoreError("the memory store keeps nothing on disk", "internal-server-error")
    path = Path(config.path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _remove(part)
    try:
        done = back_up(StoreConfig("sqlite", str(file)), schemas, part, tell)
        kept = _set_aside(path, f"{path}.before-{now:%Y%m%d-%H%M%S}") if path.exists() else ""
        put_in_place(part, path)
        same_file.forget(str(path))
    finally:
        _remove(part)
    return done, kept


def _set_aside(path: Path, name: str) -> str:
    """What is in the log first goes into the file."""
    with closing(SqliteDirect(str(path))) as db, suppress(StoreError):
        db.query("PRAGMA wal_checkpoint(TRUNCATE)")
    for end in _PARTS:
        with suppress(FileNotFoundError):
            os.rename(f"{path}{end}", f"{name}{end}")
    return name


def put_in_place(part: Path, file: Path) -> None:
    """Name a file that is whole, so that a power cut leaves the one or the other."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    os.rename(part, file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(part: Path) -> None:
    for end in (*_PARTS, "-journal"):
        part.with_name(part.name + end).unlink(missing_ok=True)
