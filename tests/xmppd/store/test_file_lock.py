"""One writer at a time, in turn, and nobody waits for ever.

Way:  xmppd.store.file_lock
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import node, schemas
from xmppd.store import file_lock
from xmppd.store.backend import StoreError
from xmppd.store.file_lock import FileLock, locked
from xmppd.store.store_sqlite import SqliteStore

HOLD = """
import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock, and is stopped."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    child.stdout.close()
    child.send_signal(signal.SIGSTOP)
    return child


def test_it_keeps_others_out_until_it_is_let_go(tmp_path: Path) -> None:
    mine, theirs = FileLock(str(tmp_path / "x")), FileLock(str(tmp_path / "x"))
    entered = threading.Event()

    def enter() -> None:
        with locked(theirs, 30):
            entered.set()

    thread = threading.Thread(target=enter)
    with locked(mine):
        thread.start()
        assert not entered.wait(0.1)
    thread.join(30)
    assert entered.is_set()
    mine.close()
    theirs.close()


def test_all_have_their_turn(tmp_path: Path) -> None:
    counts = [0, 0, 0]
    inside: list[int] = []
    until = time.monotonic() + 1.0

    def write(number: int) -> None:
        lock = FileLock(str(tmp_path / "x"))
        while time.monotonic() < until:
            with locked(lock, 30):
                inside.append(number)
                time.sleep(0.001)
                assert inside.pop() == number
                assert not inside
                counts[number] += 1
        lock.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert min(counts) > max(counts) / 100


def test_who_holds_it_and_is_stopped_is_not_waited_for_and_its_end_frees_it(tmp_path: Path) -> None:
    child, lock = holder(tmp_path / "x"), FileLock(str(tmp_path / "x"))
    try:
        for _ in range(2):
            with pytest.raises(StoreError) as error, locked(lock, 0.1):
                raise AssertionError("it is held")
            assert error.value.condition == "resource-constraint"
    finally:
        child.kill()
        child.wait()
    with locked(lock, 30):
        pass
    with locked(lock, 30):  # what came too late was let go
        pass
    lock.close()


def test_a_store_answers_while_another_worker_is_stopped_in_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "x.sqlite3")
    monkeypatch.setattr(file_lock.locked.__wrapped__, "__defaults__", (0.2,))  # type: ignore[attr-defined]

    async def body() -> None:
        store = SqliteStore(path, schemas=schemas.ALL)
        child = holder(Path(path + "-lock"))
        try:
            with pytest.raises(StoreError, match="does not let it go"):
                await store.transaction(lambda tx: None)
        finally:
            child.kill()
            child.wait()

        def nothing(tx: Any) -> str:
            return "done"

        while True:
            try:
                assert await store.transaction(nothing) == "done"
                break
            except StoreError:
                continue
        store.close()

    node.run(body)
