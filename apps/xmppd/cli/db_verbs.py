"""db_verbs — `db status`, `db upgrade`, `db backup`, `db restore`, `db copy`.

OTP:      cf. ejabberdctl backup, restore, export2sql
Way:      cli.main → [db_verbs] → store.backup, store.copying, on the database itself; no server is asked
Process:  none; what would disturb a server that runs is refused while one does, and holds its home meanwhile
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from xmppd import gen_mod_store
from xmppd.cli import modules, render
from xmppd.cli.options import GlobalOptions, common, options, usage
from xmppd.cli.progress import ProgressLine
from xmppd.commands import EXIT_CONFIG, EXIT_FAILED, EXIT_TRY_AGAIN, CommandError
from xmppd.config.schema import Config
from xmppd.node.home import HomeTaken
from xmppd.store import backup as backups
from xmppd.store import copying, direct, migrate
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.copying import TableCopy
from xmppd.store.schema import Schema

#: where backups go that have no name
_FOLDER: Final = "backup"


@click.group(help="the database: what is in it, backups, and the way from one kind to another")
@common
def db() -> None:
    """Group of the verbs below."""


@db.command(help="where the database is, how large, at which steps, and how many rows its tables have; status 78 if it "
            "is a newer server's")  # fmt: skip
@common
def status() -> None:
    """Look at the database; nothing is changed."""
    said = options()
    config = said.load()
    known = _schemas(config)
    with _words(), closing(direct.open_direct(gen_mod_store.store_config(config), read_only=True)) as opened:
        opened.begin()
        found = direct.versions(opened)
        rows = {name: direct.count(opened, name) for name in sorted(direct.shapes(direct.as_they_are(known, found)))}
        answer = {
            "backend": config.store.backend,
            "place": _place(config),
            "octets": opened.size(),
            "server": said.where().pid(),
            "missing": _missing(config, known, found),
            "steps": found,
            "rows": rows,
        }
    said.out(answer, _status)


def _status(answer: Mapping[str, Any]) -> str:
    running = f"runs (pid {answer['server']})" if answer["server"] else "does not run"
    lines = [
        f"{answer['backend']}, {answer['place']}, {answer['octets'] / 1024**2:.1f} MiB; the server {running}",
        _upgrade_words(answer["missing"]) if answer["steps"] else "empty: the first start makes the tables",
    ]
    if answer["rows"]:
        lines.append(render.table([{"table": name, "rows": count} for name, count in answer["rows"].items()]))
    return "\n".join(lines)


@db.command(help="bring the tables to the steps of this server, after a backup; a start does the same, without one")
@click.option("--check", is_flag=True, help="only say what is missing: status 1 if something is")
@click.option("--no-backup", is_flag=True, help="without a backup before it")
@common
def upgrade(check: bool, no_backup: bool) -> None:
    """Migrate, while no server runs."""
    said = options()
    config = said.load()
    known, store = _schemas(config), gen_mod_store.store_config(config)
    with _words(), closing(direct.open_direct(store, read_only=True)) as opened:
        found = direct.versions(opened)
        direct.as_they_are(known, found)
    missing = _missing(config, known, found)
    answer: dict[str, Any] = {"missing": missing, "backup": None}
    if check or not missing:
        said.out(answer, lambda a: _upgrade_words(a["missing"]))
        if check and missing:
            raise click.exceptions.Exit(EXIT_FAILED)
        return
    with _words(), _alone(said):
        if found and not no_backup:
            file = _new_file(config)
            with ProgressLine(said.json) as tell:
                backups.back_up(store, known, file, tell)
            answer["backup"] = str(file)
        with closing(direct.open_direct(store)) as opened:
            opened.begin(write=True)
            migrate.migrate(opened.query, opened.dialect, [schema for schema in known if schema.owner in missing])
            opened.end()
    said.out(answer, _upgraded)


def _upgraded(answer: Mapping[str, Any]) -> str:
    before = f"; the backup before it is {answer['backup']}" if answer["backup"] else ""
    return f"upgraded: {_steps(answer['missing'])}{before}"


@db.command(help="write a backup, also while the server runs; without FILE a new one in the folder backup of the home")
@click.argument("file", required=False)
@common
def backup(file: str | None) -> None:
    """Write one file that holds all of the database."""
    said = options()
    config = said.load()
    with _words(), ProgressLine(said.json) as tell:
        to = Path(file).absolute() if file else _new_file(config)
        done = backups.back_up(gen_mod_store.store_config(config), _schemas(config), to, tell)
    rows = {one.table: one.rows for one in done}
    answer = {"file": str(to), "octets": to.stat().st_size, "rows": rows}
    said.out(answer, lambda a: f"{a['file']}: {sum(rows.values())} rows, {a['octets'] / 1024**2:.1f} MiB, checked")


@db.command(help="put a backup in the place of the database, while the server is stopped")
@click.argument("file")
@click.option("--yes", "-y", is_flag=True, help="do not ask, as without a terminal")
@common
def restore(file: str, yes: bool) -> None:
    """Restore a backup of either kind of database to the one that is configured."""
    said = options()
    config = said.load()
    known = _schemas(config)
    with _words():
        backups.check(Path(file), known)
    if not yes and sys.stdin.isatty():
        click.confirm(f"Replace what is in {_place(config)} by {file}?", abort=True, err=True)
    with _words(), _alone(said), ProgressLine(said.json) as tell:
        done, kept = backups.restore(gen_mod_store.store_config(config), known, Path(file), datetime.now(UTC), tell)
    answer = {"rows": {one.table: one.rows for one in done}, "kept": kept or None}
    before = f"; what was there is now {kept}" if kept else ""
    said.out(answer, lambda a: f"restored: {sum(a['rows'].values())} rows{before}")


@db.command(help="copy the database, as it is now, to another one, also while the server runs; again, with --replace, "
            "only what differs is written. TARGET: a PostgreSQL URL, or a file of SQLite")  # fmt: skip
@click.argument("target")
@click.option("--replace", is_flag=True, help="the target may hold data: what the source has not is deleted there")
@common
def copy(target: str, replace: bool) -> None:
    """Copy to another database, and compare the counts."""
    said = options()
    config = said.load()
    to = _target(target)
    if (to.backend, to.path) == (config.store.backend, gen_mod_store.store_config(config).path):
        raise usage("the target is the database that is configured")
    with (
        _words(),
        ProgressLine(said.json) as tell,
        closing(direct.open_direct(gen_mod_store.store_config(config), read_only=True)) as source,
        closing(direct.open_direct(to)) as opened,
    ):
        done = copying.copy(source, opened, _schemas(config), tell, replace)
    said.out({"tables": [asdict(one) for one in done]}, lambda _: _copied(done))


def _copied(done: Sequence[TableCopy]) -> str:
    total = sum([one.rows for one in done])
    words = f"{total} rows; the counts agree. [store] backend and url (or path) say which database a start uses"
    return f"{render.table([asdict(one) for one in done])}\n{words}"


# -- what they share


def _schemas(config: Config) -> list[Schema]:
    """All that this server can keep: of modules that are switched off too, for their rows may be there."""
    return list(gen_mod_store.known_schemas(config, modules.names()))


def _missing(config: Config, known: Sequence[Schema], found: Mapping[str, int]) -> dict[str, int]:
    """How many steps each owner has before it, of those that have tables here, and those that a start would make."""
    wanted = {schema.owner for schema in gen_mod_store.schemas(config)} | set(found)
    counts = {schema.owner: len(migrate.missing(schema, found.get(schema.owner, 0))) for schema in known}
    return {owner: count for owner, count in counts.items() if count and owner in wanted}


def _upgrade_words(missing: Mapping[str, int]) -> str:
    return f"to be upgraded: {_steps(missing)}" if missing else "its tables are those of this server"


def _steps(missing: Mapping[str, int]) -> str:
    return ", ".join([f"{owner} by {count} step{'' if count == 1 else 's'}" for owner, count in missing.items()])


def _place(config: Config) -> str:
    """Where the database is; a URL without its password."""
    if config.store.backend == "sqlite":
        return str(config.store_path)
    if config.store.backend == "memory":
        return "in memory"
    from psycopg.conninfo import conninfo_to_dict

    said = conninfo_to_dict(config.store.url)
    return " ".join([f"{key}={said[key]}" for key in ("host", "port", "dbname", "user") if said.get(key)])


def _new_file(config: Config) -> Path:
    folder = config.paths.below(_FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"xmppd-{datetime.now(UTC):%Y%m%d-%H%M%S}.sqlite3"


def _target(text: str) -> StoreConfig:
    """A PostgreSQL URL or connection string, or a path."""
    if text.startswith(("postgres://", "postgresql://")) or ("=" in text and "/" not in text.partition("=")[0]):
        return StoreConfig("postgres", text)
    return StoreConfig("sqlite", str(Path(text).absolute()))


@contextmanager
def _words() -> Iterator[None]:
    """StoreError as the error of a verb: 75 where it may pass by itself, 78 for a database that this server must not
    touch."""
    try:
        yield
    except StoreError as error:
        if error.reason == "gone" and not str(error).startswith("PostgreSQL"):
            raise CommandError(str(error), EXIT_FAILED) from None
        later = error.condition == "resource-constraint"
        raise CommandError(str(error), EXIT_TRY_AGAIN if later else EXIT_CONFIG) from None


@contextmanager
def _alone(said: GlobalOptions) -> Iterator[None]:
    """While no server runs with this home, and none can start."""
    home = said.where()
    home.create()
    try:
        lock = home.lock()
    except HomeTaken as taken:
        raise CommandError(f"the server runs (pid {taken.pid}): stop it first", EXIT_FAILED) from None
    try:
        yield
    finally:
        home.release()
        os.close(lock)
