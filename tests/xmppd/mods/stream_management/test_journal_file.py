"""A journal on disk belongs to its writer while that lives, and then to one other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from xmppd.mods.stream_management import journal_file
from xmppd.mods.stream_management.journal import (
    HandledIn,
    HandledOut,
    JournalHeader,
    SessionEnded,
    SessionWritten,
    WrittenSession,
)
from xmppd.mods.stream_management.journal_file import JournalFile

HEADER = JournalHeader("w1.1.ab", "a boot")


def test_while_its_writer_lives_nobody_claims_it_and_then_one_does(tmp_path: Path) -> None:
    mine = JournalFile(tmp_path, HEADER)
    assert mine.append(SessionWritten("a", b"1"))
    assert mine.append(HandledIn("a", 7))
    assert list(journal_file.owners(tmp_path)) == ["w1.1.ab"]
    assert journal_file.claim(tmp_path, "w1.1.ab") is None
    assert not journal_file.are_left(tmp_path, "w2.1.cd")
    mine.close()
    assert journal_file.are_left(tmp_path, "w2.1.cd")
    assert not mine.append(HandledIn("a", 8))
    claimed = journal_file.claim(tmp_path, "w1.1.ab")
    assert claimed is not None
    assert journal_file.claim(tmp_path, "w1.1.ab") is None
    found = claimed.read()
    assert (found.header, found.sessions) == (HEADER, {"a": WrittenSession(b"1", 7)})
    assert list(journal_file.owners(tmp_path)) == ["w1.1.ab"]
    assert not journal_file.are_left(tmp_path, "w2.1.cd")
    assert journal_file.are_being_taken(tmp_path)
    claimed.give_up()
    assert not journal_file.are_being_taken(tmp_path)
    again = journal_file.claim(tmp_path, "w1.1.ab")
    assert again is not None
    again.done()
    assert list(journal_file.owners(tmp_path)) == []


def test_a_claim_that_is_forgotten_is_anothers(tmp_path: Path) -> None:
    JournalFile(tmp_path, HEADER).close()
    claimed = journal_file.claim(tmp_path, "w1.1.ab")
    assert claimed is not None
    del claimed
    again = journal_file.claim(tmp_path, "w1.1.ab")
    assert again is not None
    assert again.read().header == HEADER
    again.done()


def test_an_owner_that_left_none_is_claimed_by_one_all_the_same(tmp_path: Path) -> None:
    claimed = journal_file.claim(tmp_path, "w2.1.cd")
    assert claimed is not None
    assert journal_file.claim(tmp_path, "w2.1.cd") is None
    assert claimed.read().sessions == {}
    claimed.done()


_WRITER = """
import sys, time
from pathlib import Path
from xmppd.mods.stream_management.journal import JournalHeader, SessionWritten, HandledIn
from xmppd.mods.stream_management.journal_file import JournalFile
mine = JournalFile(Path(sys.argv[1]), JournalHeader("w1.1.ab", "a boot"))
mine.append(SessionWritten("a", b"1"))
for h in range(1_000_000):
    mine.append(HandledIn("a", h))
    print(h, flush=True)
"""


def test_what_was_told_is_there_after_a_kill(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    seen = [int(writer.stdout.readline()) for _ in range(50)][-1]
    assert journal_file.claim(tmp_path, "w1.1.ab") is None
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate()[0].split()
    claimed = journal_file.claim(tmp_path, "w1.1.ab")
    assert claimed is not None
    h_in = claimed.read().sessions["a"].h_in
    claimed.done()
    assert h_in is not None
    assert h_in >= max([seen, *map(int, rest[:-1])])


def test_it_is_compacted_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "LEAST", 500)
    mine = JournalFile(tmp_path, HEADER)
    mine.append(SessionWritten("a", b"1"))
    mine.append(SessionWritten("b", b"2"))
    mine.append(SessionEnded("b"))
    for h in range(100):
        mine.append(HandledIn("a", h))
    assert mine.is_long
    upto = mine.size
    fd = mine.shorten(upto)
    mine.append(HandledIn("a", 100))
    mine.append(SessionWritten("c", b"3"))
    mine.replace(fd, upto)
    assert not mine.is_long
    assert mine.size < upto // 4
    mine.append(HandledOut("c", 5))
    assert mine.replay().sessions == {"a": WrittenSession(b"1", 100), "c": WrittenSession(b"3", None, 5)}
    assert journal_file.claim(tmp_path, "w1.1.ab") is None
    mine.close()
    claimed = journal_file.claim(tmp_path, "w1.1.ab")
    assert claimed is not None
    assert claimed.read().header == HEADER
    claimed.done()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_costs_the_journal_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = JournalFile(tmp_path, HEADER)
    mine.append(SessionWritten("a", b"1"))
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))  # what a full disk does with it
    assert not mine.append(HandledIn("a", 1))
    monkeypatch.undo()
    assert not mine.alive
    assert not mine.append(HandledIn("a", 1))
    assert list(journal_file.owners(tmp_path)) == []
    assert mine.replay().sessions == {}


def test_two_processes_do_not_write_one(tmp_path: Path) -> None:
    mine = JournalFile(tmp_path, HEADER)
    with pytest.raises(BlockingIOError):
        JournalFile(tmp_path, HEADER)
    mine.drop()


def test_the_machine_says_which_life_it_is() -> None:
    assert journal_file.boot_id() == journal_file.boot_id()
