"""Roster and subscriptions, as clients of one server see them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from otp.erts import process
from tests.support.core_server import Client, CoreServer, Say, config_of, play, until
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, make_presence
from xmppd.mods import mod_roster
from xmppd.mods.roster.perform import perform
from xmppd.mods.roster.tables import ROSTER
from xmppd.mods.roster.transitions import Step
from xmppd.routing import router
from xmppd.store import store

QUERY = "<query xmlns='jabber:iq:roster'{}>{}</query>"


def items(xml: str) -> list[tuple[str, str, str | None]]:
    """(jid, subscription, ask) of each item in a result or push."""
    found = []
    for item in re.findall(r"<item [^>]*>", xml):
        attrs = dict(re.findall(r"(\w+)='([^']*)'", item))
        found.append((attrs["jid"], attrs["subscription"], attrs.get("ask")))
    return found


def short(texts: list[str]) -> list[str]:
    """What a client got, in few words: pushes as `push JID sub ask`, presence as `type from`."""
    out = []
    for text in texts:
        attrs = dict(re.findall(r"(\w+)='([^']*)'", text.split(">")[0]))
        if text.startswith("<iq") and attrs["type"] == "set":
            out += [f"push {jid} {sub}" + (f" {ask}" if ask else "") for jid, sub, ask in items(text)]
        elif text.startswith("<presence"):
            out.append(f"{attrs.get('type', 'available')} {attrs['from']}")
    return out


async def get(client: Client, ver: str | None = None) -> str:
    attr = "" if ver is None else f" ver='{ver}'"
    return await client.ask(f"<iq type='get' id='g'>{QUERY.format(attr, '')}</iq>")


async def put(client: Client, item: str, id_: str = "s") -> str:
    return await client.ask(f"<iq type='set' id='{id_}'>{QUERY.format('', item)}</iq>")


def test_set_get_push_and_remove() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        other = await core.login("romeo@localhost/street")
        deaf = await core.login("romeo@localhost/deaf", roster=False)
        await core.settle()
        for client in (romeo, other, deaf):
            client.take()
        answer = await put(romeo, "<item jid='juliet@localhost' name='Juliet'><group>Friends</group></item>")
        assert "type='result'" in answer
        await core.settle()
        assert short(romeo.take()) == short(other.take()) == ["push juliet@localhost none"]
        assert deaf.take() == [], "a resource that has not asked for the roster gets no push"
        assert "name='Juliet'><group>Friends</group></item>" in await get(romeo)
        assert "type='result'" in await put(romeo, "<item jid='juliet@localhost' subscription='remove'/>")
        await core.settle()
        assert short(other.take()) == ["push juliet@localhost remove"]
        assert items(await get(romeo)) == []

    play(body)


@pytest.mark.parametrize(
    ("item", "condition"),
    [
        ("<item jid='a@localhost'/><item jid='b@localhost'/>", "bad-request"),
        ("", "bad-request"),
        ("<item/>", "bad-request"),
        ("<item jid='@@'/>", "jid-malformed"),
        ("<item jid='a@localhost'><group>x</group><group>x</group></item>", "bad-request"),
        ("<item jid='a@localhost'><group/></item>", "not-acceptable"),
        (f"<item jid='a@localhost' name='{'x' * 1024}'/>", "not-acceptable"),
        ("<item jid='nobody@localhost' subscription='remove'/>", "item-not-found"),
        ("<item jid='romeo@localhost'/>", "not-allowed"),
    ],
)
def test_a_bad_roster_set_is_refused(item: str, condition: str) -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        answer = await put(romeo, item)
        assert f"<{condition} " in answer
        assert items(await get(romeo)) == []

    play(body)


def test_the_roster_of_another_is_forbidden() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        await core.account("juliet@localhost")
        answer = await romeo.ask(f"<iq type='get' id='g' to='juliet@localhost'>{QUERY.format('', '')}</iq>")
        assert "<forbidden " in answer

    play(body)


def test_versions() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/orchard")
        await put(romeo, "<item jid='juliet@localhost'/>")
        await core.settle()
        pushed = re.search(r"ver='(\d+)'", romeo.take()[-1])
        assert pushed is not None
        assert "<query" not in await get(romeo, pushed[1]), "up to date: an empty result"
        full = await get(romeo, "0")
        assert f"ver='{pushed[1]}'" in full
        assert "juliet@localhost" in full
        assert " ver=" not in await get(romeo), "who does not ask for versions hears of none"

    play(body)


def test_adding_each_other_goes_through_the_states_of_the_seed() -> None:
    """Seed items 25 to 28: {none,out} and {none,in}; {from,none} and {to,none}; {from,out}, {to,in}; both."""

    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await romeo.send("<presence type='subscribe' to='juliet@localhost'><nick>R</nick></presence>")
        await core.settle()
        assert short(romeo.take()) == ["push juliet@localhost none subscribe"]
        request = juliet.take()
        assert short(request) == ["subscribe romeo@localhost"]
        assert "<nick>R</nick>" in request[0]
        assert items(await get(juliet)) == [], "a request alone is not in the roster"
        await juliet.send("<presence type='subscribed' to='romeo@localhost'/>")
        await core.settle()
        assert short(juliet.take()) == ["push romeo@localhost from"]
        assert short(romeo.take()) == [
            "subscribed juliet@localhost",
            "push juliet@localhost to",
            "available juliet@localhost/j",
        ], "the stanza before the push, then the presence"
        await juliet.send("<presence type='subscribe' to='romeo@localhost'/>")
        await core.settle()
        assert short(juliet.take()) == ["push romeo@localhost from subscribe"]
        assert short(romeo.take()) == ["subscribe juliet@localhost"]
        await romeo.send("<presence type='subscribed' to='juliet@localhost'/>")
        await core.settle()
        assert items(await get(romeo)) == [("juliet@localhost", "both", None)]
        assert items(await get(juliet)) == [("romeo@localhost", "both", None)]
        assert short(juliet.take()) == [
            "subscribed romeo@localhost",
            "push romeo@localhost both",
            "available romeo@localhost/r",
        ]

    play(body)


def test_taking_back_says_unavailable_before_unsubscribed() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await romeo.send("<presence type='unsubscribed' to='juliet@localhost'/>")
        await romeo.send("<presence><show>away</show></presence>")
        await core.settle()
        assert short(juliet.take()) == [
            "unavailable romeo@localhost/r",
            "unsubscribed romeo@localhost",
            "push romeo@localhost from",
        ], "and nothing of what romeo says afterwards"
        assert short(romeo.take())[0] == "push juliet@localhost to"

    play(body)


def test_removing_a_contact_ends_both_ways_and_withdraws_requests() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await put(romeo, "<item jid='juliet@localhost' subscription='remove'/>")
        await core.settle()
        assert items(await get(juliet)) == [("romeo@localhost", "none", None)]
        got = short(juliet.take())
        assert got.index("unavailable romeo@localhost/r") < got.index("unsubscribed romeo@localhost")
        await romeo.send("<presence type='subscribe' to='juliet@localhost'/>")
        await put(romeo, "<item jid='juliet@localhost' subscription='remove'/>")
        record = await store.read(ROSTER, ("localhost", "juliet", "romeo@localhost"))
        assert record is not None
        assert record.in_axis == "none", "nobody waits for an answer to what was withdrawn"

    play(body)


def test_a_request_waits_whole_for_every_login_until_it_is_answered() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await core.account("juliet@localhost")
        await romeo.send("<presence type='subscribe' to='juliet@localhost/some'><nick xmlns='n'>R</nick></presence>")
        for resource in ("a", "b"):
            juliet = await core.login(f"juliet@localhost/{resource}", presence=None)
            await juliet.send("<presence/>")
            request = [t for t in juliet.take() if "type='subscribe'" in t]
            assert len(request) == 1
            assert "<nick xmlns='n'>R</nick>" in request[0]
            assert "from='romeo@localhost'" in request[0]
        await juliet.send("<presence type='unsubscribed' to='romeo@localhost'/>")
        late = await core.login("juliet@localhost/c", presence=None)
        await late.send("<presence/>")
        assert not [t for t in late.take() if "type='subscribe'" in t]

    play(body)


def test_approval_in_advance() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await juliet.send("<presence type='subscribed' to='romeo@localhost'/>")
        await core.settle()
        assert "approved='true'" in juliet.take()[0]
        assert romeo.take() == [], "nothing is routed"
        await romeo.send("<presence type='subscribe' to='juliet@localhost'/>")
        await core.settle()
        assert short(juliet.take()) == ["push romeo@localhost from"]
        assert short(romeo.take())[-3:] == [
            "subscribed juliet@localhost",
            "push juliet@localhost to",
            "available juliet@localhost/j",
        ]

    play(body)


def test_adding_on_the_server_gives_the_pushes_of_the_seed() -> None:
    """Seed items 29 and 31: none with ask, to, both; and the contact's own requests in between."""

    async def body(core: CoreServer) -> None:
        mine, other = await core.login("mine@localhost/m"), await core.login("mine1@localhost/o")
        await mod_roster.roster_add("mine@localhost", "mine1@localhost")
        await core.settle()
        assert short(mine.take()) == ["push mine1@localhost none subscribe"]
        assert short(other.take()) == ["subscribe mine@localhost"]
        await other.send("<presence type='subscribed' to='mine@localhost'/>")
        await other.send("<presence type='subscribe' to='mine@localhost'/>")
        await core.settle()
        await mine.send("<presence type='subscribed' to='mine1@localhost'/>")
        await core.settle()
        pushes = [line for line in short(mine.take()) if line.startswith("push")]
        assert pushes == ["push mine1@localhost to", "push mine1@localhost both"]

    play(body)


def test_a_request_is_shown_once_to_who_comes_while_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored, then the recipient comes and is shown what is stored, then it is handed to all who are there."""
    coming: list[Client] = []

    async def late(steps: Sequence[Step], original: Presence | None = None) -> None:
        while coming:
            comes = coming.pop()
            process.send(comes.pid, Say(make_presence(None, from_=comes.jid)))
            await until(lambda got=comes.got: any(one.type == "subscribe" for one in got))
        await perform(steps, original)

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        juliet = await core.login("juliet@localhost/j", presence=None)
        coming.append(juliet)
        await romeo.send("<presence type='subscribe' to='juliet@localhost'/>")
        await core.settle()
        assert short(juliet.take()).count("subscribe romeo@localhost") == 1
        for _ in range(2):  # it waits for each time that she comes, and a new one is a new one
            await juliet.send("<presence type='unavailable'/>")
            await juliet.send("<presence/>")
            assert short(juliet.take()).count("subscribe romeo@localhost") == 1
            await romeo.send("<presence type='unsubscribe' to='juliet@localhost'/>")
            await romeo.send("<presence type='subscribe' to='juliet@localhost'/>")
            await core.settle()
            assert short(juliet.take()).count("subscribe romeo@localhost") == 1

    monkeypatch.setattr(mod_roster, "perform", late)
    play(body)


def test_a_refusal_clears_the_request() -> None:
    """Seed item 30, as it really is: `unsubscribed` takes the ask away, with a push."""

    async def body(core: CoreServer) -> None:
        mine, other = await core.login("mine@localhost/m"), await core.login("mine1@localhost/o")
        await mod_roster.roster_add("mine@localhost", "mine1@localhost")
        await other.send("<presence type='unsubscribed' to='mine@localhost'/>")
        await core.settle()
        assert short(mine.take())[1:] == ["unsubscribed mine1@localhost", "push mine1@localhost none"]

    play(body)


def test_removing_on_the_server() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        await mod_roster.roster_remove("romeo@localhost", "juliet@localhost")
        await core.settle()
        assert "push juliet@localhost remove" in short(romeo.take())
        assert items(await get(juliet)) == [("romeo@localhost", "none", None)]
        with pytest.raises(LookupError):
            await mod_roster.roster_remove("romeo@localhost", "juliet@localhost")
        with pytest.raises(LookupError):
            await mod_roster.roster_add("nobody@localhost", "juliet@localhost")

    play(body)


def test_to_somebody_who_has_no_account_nothing_is_told() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await romeo.send("<presence type='subscribe' to='nobody@localhost'/>")
        await core.settle()
        assert short(romeo.take()) == ["push nobody@localhost none subscribe"]
        await core.account("nobody@localhost")
        again = await core.login("romeo@localhost/again")
        nobody = await core.login("nobody@localhost/n", presence=None)
        await nobody.send("<presence/>")
        assert "subscribe romeo@localhost" in short(nobody.take()), "asked again at romeo's login"
        assert again.jid == JID.parse("romeo@localhost/again")

    play(body)


async def strangers(core: CoreServer, owner: Client, count: int) -> None:
    for i in range(count):
        request = make_presence(owner.jid.bare_jid(), type_="subscribe", from_=JID.parse(f"x{i}@elsewhere.test"))
        await router.route(request)
    await core.settle()


def test_strangers_requests_have_a_bound_of_their_own_and_leave_the_owner_the_roster() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await strangers(core, romeo, 12)
        assert await store.count(ROSTER, ("localhost", "romeo")) == 5
        assert not any("type='error'" in text for text in romeo.take())
        for i in range(3):
            item = f"<item jid='friend{i}@localhost'/>"
            assert "type='result'" in await romeo.ask(f"<iq type='set' id='1'>{QUERY.format('', item)}</iq>")
        one_more = QUERY.format("", "<item jid='one@localhost'/>")
        assert "<not-acceptable " in await romeo.ask(f"<iq type='set' id='1'>{one_more}</iq>")

    modules = {**config_of().modules, "mod_roster": {"max_items": 3, "max_requests": 5}}
    play(body, replace(config_of(), modules=modules))


def test_a_roster_is_bounded_in_octets_and_can_always_be_fetched() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        groups = "".join(f"<group>{i}{'&gt;' * 1000}</group>" for i in range(50))
        answers = []
        for i in range(12):
            item = f"<item jid='f{i}@localhost'>{groups}</item>"
            answers.append(await romeo.ask(f"<iq type='set' id='1'>{QUERY.format('', item)}</iq>"))
        refused = ["<not-acceptable " in answer for answer in answers]
        assert refused == sorted(refused)
        assert refused[-1]
        assert not refused[1]
        limits = core.config.limits
        assert len((await get(romeo)).encode()) < limits.send_queue_bytes // 2

    play(body)
