"""test_seed_flow__presence — the seed's items 17 to 31: presence from login to logout, and how contacts come to be.

Contacts beyond the server are played by a component; the tables of section 4, row by row, are below the items.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.booted import Booted
from tests.support.contact import Contact, item_of, pushed
from tests.support.wire import Component, Wire, local, names

PING = "<ping xmlns='urn:xmpp:ping'/>"
DELAY = "{urn:xmpp:delay}delay"


@pytest.fixture(scope="module")
def service(booted: Booted) -> Iterator[Component]:
    """One component plays all contacts; it stays while tests come and go."""
    made = booted.service("c2.test")
    booted.open.remove(made)
    yield made
    made.drop()


def logged_in(server: Booted, service: Component, state: str, name: str = "juliet") -> Contact:
    """An available user whose contact is in that state."""
    contact = Contact(service, server.client("lihengz").online(), name)
    contact.reach(state)
    return contact


def again(server: Booted, contact: Contact, presence: str = "<presence/>") -> None:
    """The user's client is gone, and another one comes."""
    user = contact.client.bare.partition("@")[0]
    contact.client.close()
    contact.client = server.client(user=user)
    contact.client.roster()
    if presence:
        contact.client.send(presence)


def notes(server: Booted, client: Wire) -> dict[str, str]:
    """The sets that mod_presence keeps for a session: pres_f, pres_t, pres_a."""
    worker = server.sessions(client.bare.partition("@")[0])[client.jid]
    source = (
        f"from xmppd.routing.sm.session_table import OWN\n"
        f"own = [s for s in OWN.values() if s.jid.full == {client.jid!r}][0]\n"
        f"n = own.module_states['mod_presence']; (sorted(n.pres_f), sorted(n.pres_t), sorted(n.pres_a))"
    )
    pres_f, pres_t, pres_a = eval(server.eval(source, worker))
    return {"f": pres_f, "t": pres_t, "a": pres_a}


# -- 17 to 24: the first presence


def test_item_17_the_lists_come_from_the_roster(server: Booted, service: Component) -> None:
    """Item 17: SubscriptionListsHook, a fold from two empty sets, runs when first needed, not in wait_for_session."""
    contact = logged_in(server, service, "Both")
    again(server, contact)
    contact.settle()
    own = contact.client.bare
    assert notes(server, contact.client)["f"] == sorted([contact.jid, own])


def test_item_18_who_may_see_and_who_is_seen(server: Booted, service: Component) -> None:
    """Item 18: pres_f is from and both, pres_t is to and both; the own bare JID is in both."""
    contact = logged_in(server, service, "To", "seen")
    other = Contact(service, contact.client, "seeing")
    other.reach("From")
    again(server, contact)
    contact.settle()
    own = contact.client.bare
    assert notes(server, contact.client) == {
        "f": sorted([own, other.jid]),
        "t": sorted([own, contact.jid]),
        "a": sorted([own, other.jid]),
    }


def test_item_19_presence_without_to_with_status_and_priority(server: Booted, service: Component) -> None:
    """Item 19: what the client says of itself arrives as it is."""
    contact = logged_in(server, service, "From")
    again(server, contact, "<presence><show>xa</show><status>hm</status><priority>7</priority></presence>")
    _, heard = contact.settle()
    available = [el for el in heard if el.get("type") is None][-1]
    assert [(local(el), el.text) for el in available] == [("show", "xa"), ("status", "hm"), ("priority", "7")]
    rows = server.ask("session list", {"user": contact.client.bare})
    assert [row["priority"] for row in rows] == [7]


def test_item_20_presence_is_for_an_established_session(server: Booted) -> None:
    """Item 20: before bind presence is refused."""
    wire = server.wire()
    wire.open()
    wire.authenticate(server.account(), "secret")
    wire.open()
    wire.send("<presence/>")
    assert names([wire.next()]) == ["presence:error"]


def test_item_21_presence_changes_the_session(server: Booted) -> None:
    """Item 21: presence_update: available, of another priority, unavailable."""
    client = server.client()
    for sent, priority in (("<presence/>", 0), ("<presence><priority>-5</priority></presence>", -5),
                           ("<presence type='unavailable'/>", None)):  # fmt: skip
        client.send(sent)
        assert local(client.next()) == "presence"
        assert [row["priority"] for row in server.ask("session list", {"user": client.bare})] == [priority]


def test_item_22_only_the_first_presence_is_broadcast_as_first(server: Booted, service: Component) -> None:
    """Item 22: probes go out on the way from unavailable to available; later presence goes to pres_f and pres_a."""
    contact = logged_in(server, service, "Both")
    contact.client.send("<presence><show>away</show></presence>")
    _, heard = contact.settle()
    assert names(heard) == ["presence"]
    contact.client.send("<presence type='unavailable'/>")
    contact.client.send("<presence/>")
    _, heard = contact.settle()
    assert names(heard) == ["presence:unavailable", "presence:probe", "presence"]


def test_item_23_probes_to_whom_the_user_sees_from_the_bare_jid(server: Booted, service: Component) -> None:
    """Item 23: one for each of pres_t. E15 sends them from the full JID; R6121 4.3.1 wants the bare one."""
    contact = logged_in(server, service, "To")
    again(server, contact)
    _, heard = contact.settle()
    assert [(el.get("type"), el.get("from")) for el in heard] == [("probe", contact.client.bare)]


def test_item_24_presence_to_who_sees_the_user_after_the_probes(server: Booted, service: Component) -> None:
    """Item 24: from the full JID, and after all the probes; who got it is in pres_a."""
    contact = logged_in(server, service, "Both")
    again(server, contact)
    _, heard = contact.settle()
    assert names(heard)[-2:] == ["presence:probe", "presence"]
    assert heard[-1].get("from") == contact.client.jid
    assert contact.jid in notes(server, contact.client)["a"]


def test_presence_order_of_an_initial_presence(server: Booted, service: Component) -> None:
    """Section 4: stored messages, stored requests, probes, presence."""
    contact = logged_in(server, service, "Both")
    other = Contact(service, contact.client, "asking")
    user = contact.client.bare
    contact.client.close()
    service.send(f"<message from='{contact.jid}' to='{user}' type='chat'><body>while away</body></message>")
    service.send(f"<presence from='{other.jid}' to='{user}' type='subscribe'/>")
    stored = f"[row.xml for row in await store.select(OFFLINE, ('localhost', {user.partition('@')[0]!r}))]"
    server.settled(lambda: "while away" in server.eval(f"from xmppd.mods.offline.tables import OFFLINE\n{stored}"))
    contact.client = server.client(user=user.partition("@")[0])
    contact.client.roster()
    contact.client.send("<presence/>")
    shown, heard = contact.settle()
    assert names(shown) == ["message:chat", "presence:subscribe", "presence"]
    assert names(heard)[-2:] == ["presence:probe", "presence"]


# -- what the own client says


def test_presence_directed_available_and_unavailable(server: Booted, service: Component) -> None:
    """Directed: in pres_a while available, out of it when taken back; the end is told to who is left."""
    client = server.client().online()
    one, two = Contact(service, client, "one"), Contact(service, client, "two")
    client.send(f"<presence to='{one.jid}'/><presence to='{two.jid}'/><presence type='unavailable' to='{two.jid}'/>")
    assert names(one.heard()) == ["presence"]
    client.send("<presence><show>dnd</show></presence><presence type='unavailable'/>")
    client.next(), client.next()
    heard = one.heard()
    assert [(el.get("type"), el.get("to")) for el in heard] == [("unavailable", one.jid)]


@pytest.mark.parametrize("type_", ["error", "probe", "subscribe", "subscribed", "unsubscribe", "unsubscribed"])
def test_presence_to_oneself_of_another_type_is_ignored(server: Booted, type_: str) -> None:
    """Section 4: error, probe, subscribe … to self."""
    client = server.client().online()
    client.send(f"<presence type='{type_}' to='{client.bare}'/>")
    client.nothing_from(client)
    assert client.roster() == {}


def test_presence_subscriptions_go_between_bare_jids(server: Booted, service: Component) -> None:
    """Section 4: subscribe … to a full JID is one to the bare JID, and comes from the bare JID."""
    client = server.client().online()
    contact = Contact(service, client, "bare")
    client.send(f"<presence type='subscribe' to='{contact.jid}/balcony'/>")
    shown, heard = contact.settle()
    assert [(el.get("from"), el.get("to")) for el in heard] == [(client.bare, contact.jid)]
    assert [pushed(el)["jid"] for el in shown] == [contact.jid]


# -- what comes from outside


def test_presence_probe_of_one_who_may_know(server: Booted, service: Component) -> None:
    """A probe is answered with the last presence and its time, and not shown to the client."""
    contact = logged_in(server, service, "From")
    contact.client.send("<presence><show>chat</show></presence>")
    contact.settle()
    contact.send("probe", "balcony")
    shown, heard = contact.settle()
    assert shown == []
    assert [(local(el), el.get("to")) for el in heard] == [("presence", f"{contact.jid}/balcony")]
    assert heard[0].find(DELAY) is not None


def test_presence_probe_of_a_stranger_and_of_one_who_waits(server: Booted, service: Component) -> None:
    """R6121 4.3.2: a stranger is told unsubscribed, while ejabberd is silent; one who asked gets no answer yet."""
    stranger = logged_in(server, service, "None", "stranger")
    stranger.send("probe")
    assert [(el.get("type"), el.get("from")) for el in stranger.settle()[1]] == [("unsubscribed", stranger.client.bare)]
    waiting = Contact(service, stranger.client, "waiting")
    waiting.reach("None+PI")
    waiting.send("probe")
    assert waiting.settle() == ([], [])


def test_presence_probe_while_nobody_is_there(server: Booted, service: Component) -> None:
    """R6121 4.3.2: unavailable, from the bare JID, while ejabberd is silent."""
    contact = logged_in(server, service, "From")
    user = contact.client.bare
    contact.client.close()
    service.send(f"<presence from='{contact.jid}' to='{user}' type='probe'/>")
    while (got := service.next()).get("to") != contact.jid or got.get("from") != user:
        pass
    assert got.get("type") == "unavailable"


def test_presence_error_takes_off_the_list(server: Booted, service: Component) -> None:
    """An error is shown, and its sender hears no more until it shows up."""
    contact = logged_in(server, service, "From")
    contact.send("error", inner="<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
    assert names(contact.settle()[0]) == ["presence:error"]
    contact.client.send("<presence><show>away</show></presence>")
    assert contact.settle()[1] == []
    contact.send("", "back")
    contact.settle()
    contact.client.send("<presence><show>chat</show></presence>")
    assert names(contact.settle()[1]) == ["presence"]


def test_presence_of_others_is_delivered(server: Booted, service: Component) -> None:
    """Other presence is delivered to every available resource, and to no other."""
    contact = logged_in(server, service, "To")
    user = contact.client.bare.partition("@")[0]
    silent = server.client(user=user)
    contact.send("", "balcony", "<show>chat</show>")
    shown, _ = contact.settle()
    assert [(el.get("from"), el.get("to")) for el in shown] == [(f"{contact.jid}/balcony", contact.client.bare)]
    silent.nothing_from(service, own=contact.jid)


# -- 25 to 28: adding a contact. Lihengz adds admin, both on this server


def test_items_25_to_28_each_side_moves_as_the_table_says(server: Booted) -> None:
    """Items 25 to 28: out and in transitions of both rosters, seen in `roster list` after each stanza."""
    lihengz, admin = server.client("lihengz").online(), server.client("admin").online()

    def states() -> tuple[tuple[str, object, bool], ...]:
        lihengz.ask("get", PING), admin.ask("get", PING)
        found = []
        for owner, contact in ((lihengz, admin), (admin, lihengz)):
            rows = [row for row in server.ask("roster list", {"owner": owner.bare}) if row["contact"] == contact.bare]
            row = rows[0] if rows else {"subscription": "none", "ask": "", "pending": False}
            found.append((row["subscription"], row["ask"] or "", bool(row["pending"])))
        return tuple(found)

    def sends(client: Wire, other: Wire, type_: str) -> tuple[tuple[str, object, bool], ...]:
        client.send(f"<presence type='{type_}' to='{other.bare}'/>")
        client.until_mark(other), other.until_mark(client), client.until_mark(other)
        return states()

    asked, waits = ("none", "subscribe", False), ("none", "", True)
    assert sends(lihengz, admin, "subscribe") == (asked, waits)
    assert sends(admin, lihengz, "subscribed") == (("to", "", False), ("from", "", False))
    assert sends(admin, lihengz, "subscribe") == (("to", "", True), ("from", "subscribe", False))
    assert sends(lihengz, admin, "subscribed") == (("both", "", False), ("both", "", False))


# -- 29 to 31: added on the server


def added(server: Booted, service: Component, name: str) -> Contact:
    contact = Contact(service, server.client("mine").online(), name)
    server.ask("roster add", {"owner": contact.client.bare, "contact": contact.jid})
    return contact


def test_item_29_added_on_the_server_the_client_gets_a_push_with_ask(server: Booted, service: Component) -> None:
    """Item 29: subscription none, ask subscribe; the request leaves from the bare JID; the push is the account's."""
    contact = added(server, service, "mine1")
    shown, heard = contact.settle()
    assert [pushed(el) for el in shown] == [{"jid": contact.jid, **item_of("None+PO")}]
    assert shown[0].get("from") in (None, contact.client.bare)
    assert [(el.get("type"), el.get("from")) for el in heard] == [("subscribe", contact.client.bare)]


def test_item_30_a_refusal_clears_the_question(server: Booted, service: Component) -> None:
    """Item 30 (the seed is wrong): `unsubscribed` is delivered, then a push without ask; nothing stays pending."""
    contact = added(server, service, "mine2")
    contact.settle()
    contact.send("unsubscribed")
    shown, _ = contact.settle()
    assert names(shown) == ["presence:unsubscribed", "iq:set"]
    assert pushed(shown[1]) == {"jid": contact.jid, **item_of("None")}
    again(server, contact)
    assert contact.settle()[1] == []


def test_item_30_a_request_that_is_never_answered_is_asked_again_at_login(server: Booted, service: Component) -> None:
    """Item 30, the true part: no answer, no change; R6121 3.1.2 wants the request sent again."""
    contact = added(server, service, "mine3")
    contact.settle()
    again(server, contact)
    assert names(contact.settle()[1]) == ["presence:subscribe"]


def test_item_31_auto_accept_is_a_row_of_pushes(server: Booted, service: Component) -> None:
    """Item 31: none+ask, to, then both once the user grants; the contact's own request changes nothing visible."""
    contact = added(server, service, "mine4")
    shown, _ = contact.settle()
    for type_ in ("subscribed", "subscribe"):
        contact.send(type_)
        shown += contact.settle()[0]
    contact.client.send(contact.presence_to("subscribed"))
    shown += contact.settle()[0]
    pushes = [pushed(el) for el in shown if local(el) == "iq"]
    assert [push["subscription"] for push in pushes] == ["none", "to", "both"]
    assert [push.get("ask") for push in pushes] == ["subscribe", None, None]


def test_removing_withdraws_what_is_pending(server: Booted, service: Component) -> None:
    """Section 5 and D16: removal takes back subscriptions and requests, also by an administrator."""
    asked = added(server, service, "mine5")
    asked.settle()
    server.ask("roster remove", {"owner": asked.client.bare, "contact": asked.jid})
    shown, heard = asked.settle()
    assert [pushed(el)["subscription"] for el in shown] == ["remove"]
    assert names(heard) == ["presence:unsubscribe"]
    both = Contact(service, asked.client, "mine6")
    both.reach("Both")
    server.ask("roster remove", {"owner": both.client.bare, "contact": both.jid})
    _, heard = both.settle()
    assert sorted(names(heard)) == ["presence:unavailable", "presence:unsubscribe", "presence:unsubscribed"]
    assert names(heard).index("presence:unavailable") < names(heard).index("presence:unsubscribed")
