"""What rooms keep says nothing of what people wrote, and stays when an account goes."""

from __future__ import annotations

from xmppd.muc import tables
from xmppd.muc.tables import MucAffiliation, MucKey, MucOccupant, MucRoom
from xmppd.store import migrate
from xmppd.store.schema import Schema

SCHEMA = Schema("mod_muc", tables.MIGRATIONS)


def test_the_steps_make_what_the_records_say() -> None:
    assert migrate.problem(SCHEMA, "xmppd.muc.tables") == ""
    assert tables.LISTED in SCHEMA.shapes()["muc_room"].indexes
    assert tables.BY_JID in SCHEMA.shapes()["muc_occupant"].indexes


def test_rooms_belong_to_no_account() -> None:
    assert SCHEMA.account_tables() == ()


def test_what_was_said_and_secrets_are_not_shown() -> None:
    rows = (
        MucRoom("h", "r", 1, "", "", "secret", subject="secret"),
        MucAffiliation("h", "r", "j", "member", reason="secret"),
        MucOccupant("h", "r", "j", "n", "visitor", 1, "d", "secret"),
        MucKey("k", b"secret"),
    )
    assert "secret" not in repr(rows)
