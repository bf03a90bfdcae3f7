"""Presence as sessions of one server see it (seed items 17 to 24)."""

from __future__ import annotations

import re

from otp.erts import exits, process
from tests.support.core_server import CoreServer, play
from tests.support.node import until
from xmpp_core.stanza import make_iq, make_presence
from xmppd.mods.mod_presence import state_of
from xmppd.mods.roster.tables import RosterItem
from xmppd.routing import router
from xmppd.routing.deliver import DeliverIfNewer, RosterItemChanged
from xmppd.routing.sm import sm
from xmppd.store import store


def seen(texts: list[str]) -> list[str]:
    """Presence got, as `type from`."""
    out = []
    for text in texts:
        if text.startswith("<presence"):
            attrs = dict(re.findall(r"(\w+)='([^']*)'", text.split(">")[0]))
            out.append(f"{attrs.get('type', 'available')} {attrs['from']}")
    return out


def test_the_sets_of_a_session() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.send("<presence type='unsubscribed' to='juliet@localhost'/>")
        assert romeo.session is not None
        state = state_of(romeo.session)
        assert state.pres_f == {"romeo@localhost"}
        assert state.pres_t == {"romeo@localhost", "juliet@localhost"}
        assert state.pres_a == {"romeo@localhost"}

    play(body)


def test_an_initial_presence_reaches_contacts_and_brings_theirs() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        second = await core.login("romeo@localhost/second", presence=None)
        romeo.take()
        await second.send("<presence><show>dnd</show><priority>5</priority></presence>")
        await core.settle()
        assert seen(juliet.take()) == ["available romeo@localhost/second"]
        assert seen(romeo.take()) == ["available romeo@localhost/second", "available juliet@localhost/j"], (
            "probes are the account's, and so are their answers"
        )
        texts = second.take()
        assert sorted(seen(texts)) == [
            "available juliet@localhost/j",
            "available romeo@localhost/r",
            "available romeo@localhost/second",
        ]
        juliets = next(t for t in texts if "from='juliet@localhost/j'" in t)
        assert "<delay xmlns='urn:xmpp:delay' from='juliet@localhost/j'" in juliets
        assert [s.priority for s in sm.sessions("romeo@localhost")] == [0, 5]

    play(body)


def test_later_presence_and_unavailable() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.send("<presence><show>away</show></presence>")
        await core.settle()
        assert "<show>away</show>" in juliet.take()[0]
        await romeo.send("<presence type='unavailable'><status>bye</status></presence>")
        await core.settle()
        assert "<status>bye</status>" in juliet.take()[0]
        assert sm.sessions("romeo@localhost")[0].priority is None

    play(body)


def test_a_closed_session_is_seen_to_go_once() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.close()
        await core.settle()
        assert seen(juliet.take()) == ["unavailable romeo@localhost/r"]
        assert sm.sessions("romeo@localhost") == ()

    play(body)


def test_a_killed_session_is_seen_to_go_once() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        process.exit_(romeo.pid, exits.KILL)
        await until(lambda: juliet.got)
        await juliet.settle()
        assert seen(juliet.take()) == ["unavailable romeo@localhost/r"]
        assert sm.sessions("romeo@localhost") == ()

    play(body)


def test_directed_presence_is_taken_back_at_the_end() -> None:
    async def body(core: CoreServer) -> None:
        romeo, nurse = await core.login("romeo@localhost/r"), await core.login("nurse@localhost/n")
        await romeo.send("<presence to='nurse@localhost/n'/>")
        await romeo.send("<presence><show>away</show></presence>")
        await core.settle()
        assert seen(nurse.take()) == ["available romeo@localhost/r"], "updates are for contacts"
        await romeo.send("<presence type='unavailable'/>")
        await core.settle()
        assert seen(nurse.take()) == ["unavailable romeo@localhost/r"]

    play(body)


def test_directed_presence_is_bounded() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for i in range(501):
            await romeo.send(f"<presence to='x{i}@localhost'/>")
        assert "<resource-constraint " in romeo.take()[-1]

    play(body)


def test_probes_of_strangers_and_for_the_absent_are_answered() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.login("paris@localhost/p")
        await core.friends(romeo, juliet)
        left_over = RosterItem("localhost", "romeo", "paris@localhost", out_axis="to", listed=True)
        await store.transaction(lambda tx: tx.write(left_over))
        await romeo.send("<presence type='probe' to='paris@localhost'/>")
        await core.settle()
        told, push = romeo.take()
        assert seen([told]) == ["unsubscribed paris@localhost"]
        assert "jid='paris@localhost' subscription='none'" in push, "and the left-over is healed"
        await juliet.close()
        await core.settle()
        romeo.take()
        await romeo.send("<presence type='probe' to='juliet@localhost'/>")
        await core.settle()
        (gone,) = romeo.take()
        assert seen([gone]) == ["unavailable juliet@localhost"]
        assert "<delay xmlns='urn:xmpp:delay'" in gone

    play(body)


def test_a_bad_priority_is_answered() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r", presence=None)
        await romeo.send("<presence><priority>300</priority></presence>")
        assert "<bad-request " in romeo.take()[0]
        assert sm.sessions("romeo@localhost")[0].priority is None

    play(body)


def test_who_could_not_be_told_is_told_no_more() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await juliet.send("<presence type='error' to='romeo@localhost/r'/>")
        await core.settle()
        assert seen(romeo.take()) == ["error juliet@localhost/j"]
        await romeo.send("<presence><show>away</show></presence>")
        await core.settle()
        assert juliet.take() == []

    play(body)


def test_news_of_a_subscription_that_were_overtaken_change_nothing() -> None:
    """Two nodes change it one after the other; the word of the second is here first."""

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        assert romeo.session is not None
        for version, subscription in ((7, "none"), (6, "both")):
            process.send(romeo.pid, RosterItemChanged("juliet@localhost", subscription, version))
        await romeo.settle()
        assert state_of(romeo.session).pres_f == {"romeo@localhost"}

    play(body)


def test_a_push_that_was_overtaken_is_not_shown() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for version in (6, 8, 7):
            push = make_iq("set", f"push{version}", to=romeo.jid)
            process.send(romeo.pid, DeliverIfNewer(push, "push juliet@localhost", version))
        await romeo.settle()
        assert [text.partition("id='")[2].partition("'")[0] for text in romeo.take()[-2:]] == ["push6", "push8"]

    play(body)


def test_presence_that_a_later_change_of_the_roster_overtook_is_not_shown() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        juliet.take()
        gone = make_presence(juliet.jid.bare_jid(), type_="unavailable", from_=romeo.jid)
        await router.route_if_newer(gone, 8)
        await router.route_if_newer(make_presence(juliet.jid.bare_jid(), from_=romeo.jid), 7)
        await juliet.settle()
        assert seen(juliet.take()) == ["unavailable romeo@localhost/r"]

    play(body)


def test_who_was_told_unavailable_by_an_overtaken_change_is_told_again() -> None:
    """The subscription was taken back and granted anew; the first word comes last, and juliet has its unavailable."""

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        juliet.take()
        later = 1 << 60
        for version, subscription in ((later, "both"), (later - 1, "none")):
            process.send(romeo.pid, RosterItemChanged("juliet@localhost", subscription, version))
        await romeo.settle()
        await juliet.settle()
        assert seen(juliet.take()) == ["available romeo@localhost/r"]

    play(body)


def test_an_initial_presence_while_the_roster_cannot_be_read_is_refused_and_may_be_said_again() -> None:
    """It would be told to nobody, for as long as the session lasts."""

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        again = await core.login("romeo@localhost/again", presence=None)
        backend = store.current()
        store.use(None)
        await again.send("<presence id='1'/>")
        store.use(backend)
        (refused,) = again.take()
        assert "type='error'" in refused
        assert "<resource-constraint " in refused
        assert again.session is not None
        assert again.session.entry.priority is None
        await again.send("<presence id='2'/>")
        await core.settle()
        assert any("from='romeo@localhost/again'" in text for text in juliet.take())
        assert any("from='juliet@localhost/j'" in text for text in again.take())

    play(body)
