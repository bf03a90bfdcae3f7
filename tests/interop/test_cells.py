"""test_cells — the 72 cells of RFC 6121 Appendix A on the wire, the contact played by a component.

Each row of the table: the state is reached by legal stanzas, the stanza is sent, and then compared: what the user's
client was shown (and in which order), what reached the contact, the roster, and by a second login all of the state
that a roster does not show: who is probed, who is told, what is asked again, which request still waits.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.contact import STATES, Contact, is_push, item_of, pushed
from tests.support.wire import names

TABLE = Path(__file__).parents[1] / "xmpp_core" / "subscription-tables.csv"


@dataclass(frozen=True)
class Cell:
    number: str
    direction: str
    stanza: str
    before: str
    after: str
    passed_on: bool
    reply: str
    push: str

    def __str__(self) -> str:
        return f"{self.number}-{self.direction}-{self.stanza}-{self.before}"

    @property
    def approved(self) -> bool:
        return self.push == "push approved"

    def axes(self) -> tuple[tuple[str, str], tuple[str, str]]:
        return STATES[self.before], STATES[self.after]


def read() -> list[Cell]:
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Cell(
            number=row["#"],
            direction=row["dir"],
            stanza=row["stanza"],
            before=row["state before"],
            after=row["state before"] if row["RFC new state"] == "=" else row["RFC new state"],
            passed_on=row["RFC route/deliver"] == "MUST",
            reply=row["RFC auto-reply"],
            push=row["RFC push"],
        )
        for row in rows
    ]


CELLS = read()


def test_the_table_is_whole() -> None:
    assert len(CELLS) == 72
    kinds = ("subscribe", "unsubscribe", "subscribed", "unsubscribed")
    assert {(c.direction, c.stanza, c.before) for c in CELLS} == set(product(("in", "out"), kinds, STATES))
    assert sum(c.push != "" for c in CELLS) == 30
    assert sum(c.passed_on for c in CELLS if c.direction == "out") == 27
    assert sum(c.passed_on for c in CELLS if c.direction == "in") == 18


def expected_shown(cell: Cell) -> list[str]:
    """What the client sees: the stanza first, then the push."""
    delivered = [f"presence:{cell.stanza}"] if cell.direction == "in" and cell.passed_on else []
    return delivered + (["iq:set"] if cell.push else [])


def expected_heard(cell: Cell) -> list[str]:
    """What reaches the contact."""
    (_, in_before), (_, in_after) = cell.axes()
    out_before, out_after = (axes[0] for axes in cell.axes())
    routed = [f"presence:{cell.stanza}"] if cell.direction == "out" and cell.passed_on else []
    if in_before == "from" != in_after:
        routed = ["presence:unavailable", *routed]
    if cell.reply:
        routed += [f"presence:{cell.reply}"]
    if in_after == "from" != in_before:
        routed += ["presence"]
    if out_after == "to" != out_before:
        routed += ["presence:probe"]
    return routed


@pytest.fixture(scope="module")
def contacts(booted: Booted) -> object:
    """One component plays all contacts; it stays while tests come and go."""
    service = booted.service("c3.test")
    booted.open.remove(service)
    yield service
    service.drop()


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_cell(server: Booted, contacts: object, cell: Cell) -> None:
    client = server.client("cell").online()
    contact = Contact(contacts, client, f"contact{cell.number}")  # type: ignore[arg-type]  # the fixture's Component
    contact.reach(cell.before)
    listed = contact.jid in client.roster()

    if cell.direction == "out":
        client.send(contact.presence_to(cell.stanza))
    else:
        contact.send(cell.stanza)
    shown, heard = contact.settle()

    assert names(shown) == expected_shown(cell)
    assert names(heard) == expected_heard(cell)
    addresses(cell, contact, shown, heard)
    item = {"jid": contact.jid, **item_of(cell.after, cell.approved)}
    if cell.push:
        assert pushed(shown[-1]) == item
    assert client.roster() == ({contact.jid: item} if listed or cell.push else {})
    second_login(server, cell, contact)


def addresses(cell: Cell, contact: Contact, shown: list, heard: list) -> None:  # type: ignore[type-arg]
    """Subscriptions between bare JIDs, presence from full ones; a push is the account's."""
    client = contact.client
    for stanza in heard:
        full = stanza.get("type") in (None, "unavailable")
        assert (stanza.get("from"), stanza.get("to")) == (client.jid if full else client.bare, contact.jid)
    for stanza in shown:
        if is_push(stanza):
            assert stanza.get("from") in (None, client.bare)
            assert stanza.get("to") == client.jid
        else:
            assert (stanza.get("from"), stanza.get("to")) == (contact.jid, client.bare)


def second_login(server: Booted, cell: Cell, contact: Contact) -> None:
    """Another resource comes: probes show `to`, presence shows `from`, requests in and out show what is pending."""
    out, in_ = STATES[cell.after]
    first = contact.client
    second = server.client(user=first.bare.partition("@")[0])
    second.roster()
    second.send("<presence/>")
    contact.client = second
    shown, heard = contact.settle()
    told = {
        "presence:subscribe": out == "ask",
        "presence:probe": out == "to",
        "presence": in_ == "from",
    }
    assert sorted(names(heard)) == sorted(name for name, due in told.items() if due)
    asked = [el for el in shown if el.get("from") == contact.jid]
    assert names(asked) == (["presence:subscribe"] if in_ == "pend" else [])


@pytest.mark.parametrize("before", ["None", "None+PO", "To"])
def test_a_request_that_was_approved_before_is_granted_and_not_shown(
    server: Booted, contacts: object, before: str
) -> None:
    client = server.client("approver").online()
    contact = Contact(contacts, client, f"approved-{STATES[before][0].strip('-')}")  # type: ignore[arg-type]
    contact.reach(before)
    client.send(contact.presence_to("subscribed"))
    contact.settle()
    contact.send("subscribe")
    shown, heard = contact.settle()
    after = {"None": "From", "None+PO": "From+PO", "To": "Both"}[before]
    assert [pushed(el) for el in shown] == [{"jid": contact.jid, **item_of(after, approved=True)}]
    assert names(heard) == ["presence:subscribed", "presence"]
    contact.send("unsubscribe")
    contact.settle()
    contact.send("subscribe")
    _, heard = contact.settle()
    assert names(heard) == ["presence:subscribed", "presence"], "the approval stays"


@pytest.mark.parametrize("before", ["None", "None+PO", "To"])
def test_unsubscribed_takes_an_approval_back_and_is_not_routed(server: Booted, contacts: object, before: str) -> None:
    client = server.client("canceller").online()
    contact = Contact(contacts, client, f"cancelled-{STATES[before][0].strip('-')}")  # type: ignore[arg-type]
    contact.reach(before)
    client.send(contact.presence_to("subscribed"))
    contact.settle()
    client.send(contact.presence_to("unsubscribed"))
    shown, heard = contact.settle()
    assert [pushed(el) for el in shown] == [{"jid": contact.jid, **item_of(before)}]
    assert heard == []
    contact.send("subscribe")
    shown, _ = contact.settle()
    assert names(shown) == ["presence:subscribe"]
