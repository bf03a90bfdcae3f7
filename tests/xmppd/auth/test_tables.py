"""What is stored of accounts: the steps make the records; keys stand in no crash report."""

from xmppd.auth import tables
from xmppd.auth.tables import Account, Secret
from xmppd.store.migrate import problem


def test_the_steps_make_the_records() -> None:
    assert set(tables.SCHEMA.shapes()) == {tables.ACCOUNT.name, tables.SECRET.name}
    assert problem(tables.SCHEMA, tables.__name__) == ""


def test_keys_are_not_shown() -> None:
    account = Account("localhost", "juliet", "SCRAM-SHA-1$x", "SCRAM-SHA-256$x", "SCRAM-SHA-512$x")
    assert "SCRAM" not in repr(account)
    assert "key" not in repr(Secret("auth", b"key"))
