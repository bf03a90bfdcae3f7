"""Between kinds of databases, there and back: the same rows, the same steps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import node, postgres, schemas
from xmppd.auth.tables import Account, Secret
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.mods.roster.tables import RosterItem
from xmppd.store import copying, store
from xmppd.store.backend import Backend, StoreConfig, StoreError, table_of
from xmppd.store.copying import CopyProgress, copy
from xmppd.store.direct import open_direct, versions
from xmppd.store.schema import Schema, create_table

KINDS = ["sqlite", "postgres"] if postgres.available() else ["sqlite"]
RECORDS = [
    Account("localhost", "romeo", "a$b", "", "c", 1_700_000_000, True),
    Account("localhost", "ünï", "a$b", "", "c"),
    Secret("key", bytes(range(256))),
    RosterItem("localhost", "romeo", "juliet@example.org", "Juliet", ("Friends", "Ü"), "to", approved=True),
    *[OfflineMessage("localhost", user, n, 2**40, f"<m n='{n}'/>") for user in ("romeo", "Z") for n in range(700)],
]


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], StoreConfig]:
    """Makes an empty database of a kind."""
    numbers = iter(range(99))

    def one(kind: str) -> StoreConfig:
        if kind == "sqlite":
            return StoreConfig("sqlite", str(tmp_path / f"{next(numbers)}.sqlite3"))
        cluster = request.getfixturevalue("pg_cluster")
        return StoreConfig("postgres", postgres.fresh(postgres.GIVEN if cluster is None else cluster.url))

    return one


def on(config: StoreConfig, fn: Callable[[Backend], Any]) -> Any:
    async def body() -> Any:
        backend = store.open_backend(config, schemas.ALL)
        try:
            return await fn(backend)
        finally:
            backend.close()

    return node.run(body)


def fill(config: StoreConfig, *records: Any) -> None:
    on(config, lambda backend: backend.transaction(lambda tx: tx.write_many(records)))


def all_rows(config: StoreConfig) -> list[Any]:
    async def rows(backend: Backend) -> list[Any]:
        return [row for table in {table_of(r): None for r in RECORDS} for row in await backend.select(table)]

    return on(config, rows)  # type: ignore[no-any-return]


Copied = dict[str, tuple[int, int, int]]


def copied(source: StoreConfig, target: StoreConfig, replace: bool = False, known: Any = schemas.ALL) -> Copied:
    with closing(open_direct(source, read_only=True)) as ours, closing(open_direct(target)) as theirs:
        done = copy(ours, theirs, known, replace=replace)
    return {one.table: (one.rows, one.written, one.deleted) for one in done}


@pytest.mark.parametrize(("one", "other"), [(a, b) for a in KINDS for b in KINDS])
def test_what_is_copied_is_the_same_and_a_second_copy_writes_the_changes(
    make: Callable[[str], StoreConfig], one: str, other: str
) -> None:
    source, target = make(one), make(other)
    fill(source, *RECORDS)
    done = copied(source, target)
    assert done["offline"] == (1400, 1400, 0)
    assert done["vcard"] == (0, 0, 0)
    assert all_rows(source) == all_rows(target)
    with closing(open_direct(source)) as ours, closing(open_direct(target)) as theirs:
        assert versions(ours) == versions(theirs)

    changed = replace(RECORDS[0], disabled=False)
    on(source, lambda b: b.transaction(lambda tx: (tx.write(changed), tx.clear(OFFLINE, ("localhost", "Z")))))
    fill(target, Account("localhost", "stranger", "", "", ""))
    with pytest.raises(StoreError, match="--replace"):
        copied(source, target)
    done = copied(source, target, replace=True)
    assert (done["account"], done["offline"], done["roster"]) == ((2, 1, 1), (700, 0, 700), (1, 0, 0))
    assert all_rows(source) == all_rows(target)


def test_a_target_with_other_steps_is_made_anew(make: Callable[[str], StoreConfig]) -> None:
    for kind in KINDS:
        source, target = make("sqlite"), make(kind)
        fill(source, *RECORDS[:3])
        earlier = [Schema(s.owner, s.steps[:-1]) if s.owner == "mod_offline" else s for s in schemas.ALL]
        on_old = store.open_backend(target, earlier)
        on_old.close()
        copied(source, target, replace=True)
        assert all_rows(source) == all_rows(target)


def test_tables_that_this_server_has_not_are_not_left_behind(make: Callable[[str], StoreConfig]) -> None:
    source, target = make("sqlite"), make("sqlite")
    store.open_backend(source, [*schemas.ALL, Schema("mod_gone", (create_table("gone", ("k",), k=str),))]).close()
    with pytest.raises(StoreError, match="mod_gone"):
        copied(source, target)
    with closing(open_direct(target)) as db:
        assert versions(db) == {}


def test_a_newer_source_is_refused(make: Callable[[str], StoreConfig]) -> None:
    for kind in KINDS:
        source = make(kind)
        fill(source, *RECORDS[:1])
        earlier = [Schema(s.owner, s.steps[:-1]) if s.owner == "mod_roster" else s for s in schemas.ALL]
        with pytest.raises(StoreError, match="newer server"):
            copied(source, make("sqlite"), known=earlier)


def test_counts_that_differ_undo_the_copy(make: Callable[[str], StoreConfig], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = make("sqlite"), make("sqlite")
    fill(source, *RECORDS)
    real = copying._pages
    monkeypatch.setattr(copying, "_pages", lambda *given: ((puts[1:], drops, n) for puts, drops, n in real(*given)))
    with pytest.raises(StoreError, match="its copy"):
        copied(source, target)
    with closing(open_direct(target)) as db:
        assert versions(db) == {}


def test_it_says_how_far_it_is_and_sees_one_moment(make: Callable[[str], StoreConfig]) -> None:
    for kind in KINDS:
        source, target = make(kind), make("sqlite")
        fill(source, *RECORDS)
        said: list[CopyProgress] = []

        def tell(progress: CopyProgress, source: StoreConfig = source, said: list[CopyProgress] = said) -> None:
            if not said:  # somebody writes meanwhile
                with closing(open_direct(source)) as db:
                    db.query("DELETE FROM offline")
            said.append(progress)

        with closing(open_direct(source, read_only=True)) as ours, closing(open_direct(target)) as theirs:
            done = {one.table: one.rows for one in copy(ours, theirs, schemas.ALL, tell)}
        assert done["offline"] == 1400
        assert [p.done for p in said if p.table == "offline"] == sorted({p.done for p in said if p.table == "offline"})
        assert said[-1].done == said[-1].total or said[-1].total == 0


ROWS = st.dictionaries(st.integers(0, 30), st.integers(0, 2), max_size=20)


@given(ROWS, ROWS, st.integers(1, 7))
def test_what_differs_is_found(wanted: dict[int, int], there: dict[int, int], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "PAGE", size)
        found = dict(there)
        for puts, drops, _ in copying._pages(iter(sorted(wanted.items())), iter(sorted(there.items())), 1):
            found |= dict(puts)
            for (key,) in drops:
                del found[key]
            assert all(there.get(key) != value for key, value in puts)
    assert found == wanted


def test_there_and_back_is_the_same(make: Callable[[str], StoreConfig]) -> None:
    for one, other in permutations(KINDS, 2):
        source, middle, end = make(one), make(other), make(one)
        fill(source, *RECORDS)
        copied(source, middle)
        copied(middle, end)
        assert all_rows(source) == all_rows(end)
