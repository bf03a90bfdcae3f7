"""test_tables — the rows of an archive say nothing of what people wrote, and belong to their account."""

from __future__ import annotations

from xmppd.archive.tables import ARCHIVE, BY_PEER, KEY, MIGRATIONS, ArchivedMessage, ArchivedWords, ArchiveKey
from xmppd.store import migrate
from xmppd.store.schema import Schema

SCHEMA = Schema("mod_mam", MIGRATIONS)


def test_the_steps_make_what_the_records_say() -> None:
    assert migrate.problem(SCHEMA, "xmppd.archive.tables") == ""
    assert BY_PEER in SCHEMA.shapes()[ARCHIVE.name].indexes


def test_rows_go_with_their_account() -> None:
    assert SCHEMA.account_tables() == ("archive", "archive_prefs", "archive_words")


def test_what_was_said_is_not_shown() -> None:
    row = ArchivedMessage("localhost", "juliet", 1, "romeo@localhost", "", "", False, "<message>secret</message>")
    assert "secret" not in repr(row) + repr(ArchiveKey("ids", b"secret"))
    assert "secret" not in repr(ArchivedWords("localhost", "juliet", 1, "a secret"))
    assert KEY.key == ("name",)
