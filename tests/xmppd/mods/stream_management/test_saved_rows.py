"""The row of a session is the account's, and does not print what resumes it."""

from __future__ import annotations

from xmpp_core.jid import JID
from xmppd.mods.stream_management.saved_rows import MIGRATIONS, SM_SESSION, StoredSession, key_of
from xmppd.store.schema import Schema


def test_it_goes_with_its_account() -> None:
    assert Schema("sm", MIGRATIONS).account_tables() == ("sm_session",)
    row = StoredSession(*key_of(JID.parse("juliet@localhost/j"), "an id"), "here/w1.1.ab", 7, b"saved")
    assert SM_SESSION.key_of(row) == ("localhost", "juliet", "an id")


def test_who_reads_a_log_cannot_resume_it() -> None:
    assert "secret" not in repr(StoredSession("localhost", "juliet", "secret", "here/w1.1.ab", 7, b"secret"))
