"""What is stored of messages that wait: the steps make the records; messages stand in no crash report."""

from xmppd.mods.offline import tables
from xmppd.mods.offline.tables import OfflineMessage, SetAside
from xmppd.store.migrate import problem
from xmppd.store.schema import Schema


def test_the_steps_make_the_records() -> None:
    schema = Schema("mod_offline", tables.MIGRATIONS)
    assert set(schema.account_tables()) == {tables.OFFLINE.name, tables.ASIDE.name}
    assert problem(schema, tables.__name__) == ""


def test_messages_are_not_shown() -> None:
    assert "wherefore" not in repr(OfflineMessage("localhost", "juliet", 1, 0, "wherefore"))
    assert "wherefore" not in repr(SetAside("localhost", "juliet", "offline", 1, 0, "wherefore", "broken", 1))
