"""Contacts as rows."""

from dataclasses import replace

from xmpp_core.jid import JID
from xmpp_core.subscription import In, Item, Out
from xmppd.mods.roster import records
from xmppd.mods.roster.tables import ROSTER
from xmppd.store.store_memory import MemoryTx

ROMEO, JULIET = JID.parse("romeo@localhost"), JID.parse("juliet@localhost")
ITEM = Item("J", ("a", "b"), Out.TO, In.PEND, True, True)


def test_an_item_survives_the_store() -> None:
    tx = MemoryTx({})
    records.save(tx, records.blank(ROMEO, JULIET), ITEM, "<presence/>", 5)
    found = records.load(tx, ROMEO, JULIET)
    assert records.item_of(found) == ITEM
    assert (found.pending, found.version) == ("<presence/>", 5)


def test_a_request_is_kept_while_it_waits_and_no_longer() -> None:
    tx = MemoryTx({})
    first = records.save(tx, records.blank(ROMEO, JULIET), ITEM, "<presence/>", 5)
    renamed = records.save(tx, first, replace(ITEM, name="Juliet"), "", 5)
    assert (renamed.pending, renamed.version) == ("<presence/>", 6)
    granted = records.save(tx, renamed, replace(ITEM, name="Juliet", in_=In.FROM), "", 5)
    assert granted.pending == ""


def test_no_change_no_version_and_nothing_to_say_no_row() -> None:
    tx = MemoryTx({})
    first = records.save(tx, records.blank(ROMEO, JULIET), ITEM, "", 5)
    assert records.save(tx, first, ITEM, "", 5) is first
    gone = records.save(tx, first, Item(), "", 5)
    assert gone.version == 6
    assert tx.count(ROSTER) == 0
    assert records.item_of(None) == Item()
