"""What is stored of rosters: the steps make the records; what people wrote stands in no crash report."""

from xmppd.mods.roster import tables
from xmppd.mods.roster.tables import RosterItem
from xmppd.store.migrate import problem
from xmppd.store.schema import Schema


def test_the_steps_make_the_records() -> None:
    schema = Schema("mod_roster", tables.MIGRATIONS)
    assert set(schema.account_tables()) == {tables.ROSTER.name, tables.ROSTER_VERSION.name}
    assert problem(schema, tables.__name__) == ""


def test_names_and_groups_are_not_shown() -> None:
    item = RosterItem("localhost", "juliet", "romeo@localhost", "Dearest", ("Secrets",), pending="<presence/>")
    assert not any(word in repr(item) for word in ("Dearest", "Secrets", "presence"))
