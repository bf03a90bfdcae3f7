"""mod_polls — polls at polls.HOST: an account asks a question, everybody votes by message, subscribers see each result.

Way:  router → iq → [mod_polls] → store, Poll; router → services → [mod_polls] → Poll → store, router, who takes part

A poll is one process for its address: votes are counted one after the other. It keeps all on disk and hands over none.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Final

from otp.erts.clock import CLOCK
from otp.kernel import codec
from otp.stdlib.gen_server import StopInit
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, Stanza, make_message
from xmppd.commands import Arg, CommandError, command
from xmppd.gen_mod import Mod, every, iq_handler, on, stanza_handler
from xmppd.routing import iq, router
from xmppd.routing.context import Context, Origin
from xmppd.routing.hook_points import AccountRemovedHook, DiscoIdentitiesHook, DiscoItemsHook
from xmppd.routing.placed.placed import Placed
from xmppd.routing.placed.placed_server import PlacedServer
from xmppd.routing.routes import HostRoute
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Key, Table, Tx
from xmppd.store.schema import create_table

NS: Final = "urn:example:polls"
DOMAIN: Final = "polls.{host}"
IDENTITY: Final = ("component", "generic", "Polls")
MONTH: Final = 30 * 86400


@dataclass(frozen=True)
class Options:
    """`polls`: open ones of an account; `options`: of a poll; `text`: characters of a question, and of an option."""

    polls: int = 10
    options: int = 20
    text: int = 500

    def __post_init__(self) -> None:
        """Who cannot choose does not vote."""
        if self.options < 2:
            raise ValueError("options is 2 or more")


@dataclass(frozen=True, slots=True)
class PollRow:
    """A poll: who made it (a bare JID), and when it was closed (seconds since 1970; None: it is open)."""

    host: str
    poll: str
    creator: str
    question: str = field(repr=False)
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An open poll, by its creator (a bare JID)."""

    host: str
    creator: str
    poll: str


@dataclass(frozen=True, slots=True)
class OptionRow:
    """What can be chosen, and how many have."""

    host: str
    poll: str
    number: int
    text: str = field(repr=False)
    votes: int = 0


@dataclass(frozen=True, slots=True)
class VoteRow:
    """What somebody, a bare JID, has chosen."""

    host: str
    poll: str
    voter: str
    number: int


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """Who is told each result: a full JID."""

    host: str
    poll: str
    jid: str


POLL: Final = Table("acme_poll", PollRow, ("host", "poll"))
OPEN: Final = Table("acme_poll_open", OpenRow, ("host", "creator", "poll"))
OPTION: Final = Table("acme_poll_option", OptionRow, ("host", "poll", "number"))
VOTE: Final = Table("acme_poll_vote", VoteRow, ("host", "poll", "voter"))
SUBSCRIBER: Final = Table("acme_poll_subscriber", SubscriberRow, ("host", "poll", "jid"))
MIGRATIONS: Final = (
    create_table("acme_poll", POLL.key, host=str, poll=str, creator=str, question=str, closed=int | None),
    create_table("acme_poll_open", OPEN.key, host=str, creator=str, poll=str),
    create_table("acme_poll_option", OPTION.key, host=str, poll=str, number=int, text=str, votes=int),
    create_table("acme_poll_vote", VOTE.key, host=str, poll=str, voter=str, number=int),
    create_table("acme_poll_subscriber", SUBSCRIBER.key, host=str, poll=str, jid=str),
)


# -- one poll


@codec.message
@dataclass(frozen=True, slots=True)
class Close:
    """A request to a poll: end it. `by` is a bare JID, "" for the server."""

    by: str = ""


@dataclass(slots=True)
class PollState:
    """`key`: that of its rows. `is_open` is only whether the process is needed: what counts is on disk."""

    jid: JID
    key: tuple[str, str]
    is_open: bool


class Poll(PlacedServer[PollState]):
    """One poll."""

    async def init(self, mod: Mod, key: str) -> PollState | StopInit:
        """If there is such a poll."""
        jid = JID.parse(key)
        row = await store.read(POLL, (mod.host, jid.local))
        if row is None:
            return StopInit("item-not-found")
        return PollState(jid, (mod.host, jid.local), row.closed is None)

    async def handle_request(self, request: Close, state: PollState) -> tuple[None, PollState]:
        """To close it."""
        await _close(request, state)
        return None, state

    async def handle_stanza(self, stanza: Stanza, state: PollState) -> PollState:
        """Somebody votes, comes, or goes."""
        assert stanza.from_ is not None
        match stanza:
            case Presence(type="unavailable" | "error") | Message(type="error"):
                await _unsubscribe(stanza.from_.full, state)
            case Presence(type=""):
                await _open_poll(state)
                row = SubscriberRow(*state.key, stanza.from_.full)
                await store.transaction(lambda tx: tx.write(row))
            case Message(type="chat" | "normal") if stanza.body is not None and stanza.el.child("result", NS) is None:
                await _vote(stanza.from_, stanza.body.strip(), state)
        return state

    def is_needed(self, state: PollState) -> bool:
        """While it can change."""
        return state.is_open


POLLS: Final = Placed("poll", Poll)


def _may_be_there(jid: JID) -> bool:
    """Whose sessions are not ours to know may be there."""
    is_ours = isinstance(router.route_of(jid.domain), HostRoute)
    return not is_ours or any(session.jid == jid for session in sm.sessions(jid.bare))


async def _unsubscribe(jid: str, state: PollState) -> None:
    await store.transaction(lambda tx: tx.delete(SUBSCRIBER, (*state.key, jid)))


async def _open_poll(state: PollState) -> PollRow:
    row = await store.read(POLL, state.key)
    if row is None or row.closed is not None:
        raise StanzaError("not-allowed", "the poll is closed")
    return row


async def _vote(voter: JID, text: str, state: PollState) -> None:
    """It is counted; who voted has a confirmation, and if the result is another, subscribers have that."""
    poll = await _open_poll(state)
    options = {str(row.number): row for row in await store.select(OPTION, state.key)}
    if text not in options:
        raise StanzaError("not-acceptable", f"send the number of an option, 1 to {len(options)}")
    vote = VoteRow(*state.key, voter.bare, options[text].number)
    is_new = await store.transaction(lambda tx: _count(tx, vote))
    words = f"You have voted for {text}: {options[text].text}"
    await _send(make_message(voter, words, el("voted", NS, {"number": text}), type_="chat", from_=state.jid))
    if is_new:
        await _tell_subscribers(poll, "", state)


def _count(tx: Tx, vote: VoteRow) -> bool:
    """The last vote of each counts. Whether the result is another by it."""
    poll = (vote.host, vote.poll)
    before = tx.read(VOTE, (*poll, vote.voter))
    if before == vote:
        return False
    for option in tx.select(OPTION, poll):
        less = before is not None and before.number == option.number
        tx.write(replace(option, votes=option.votes + (vote.number == option.number) - less))
    tx.write(vote)
    return True


async def _close(request: Close, state: PollState) -> None:
    poll = await _open_poll(state)
    if request.by not in ("", poll.creator):
        raise StanzaError("forbidden")
    closed = replace(poll, closed=int(CLOCK.time()))

    def write(tx: Tx) -> None:
        tx.write(closed)
        tx.delete(OPEN, (poll.host, poll.creator, poll.poll))

    await store.transaction(write)
    state.is_open = False
    await _tell_everybody(closed, state)


# -- what is told


async def _tell_everybody(poll: PollRow, state: PollState) -> None:
    """Subscribers, and by a message that waits for them those who have voted or made the poll."""
    told = await _tell_subscribers(poll, "Closed: ", state)
    voters = {row.voter for row in await store.select(VOTE, state.key)}
    body, result = await _result(poll, "Closed: ", state)
    for voter in sorted((voters | {poll.creator}) - told):
        await _send(make_message(JID.parse(voter), body, result, type_="normal", from_=state.jid))


async def _tell_subscribers(poll: PollRow, before: str, state: PollState) -> set[str]:
    """The bare JIDs that were told. Sessions that were killed, or ended with the server, have not said goodbye."""
    body, result = await _result(poll, before, state)
    told = set()
    for jid in [JID.parse(row.jid) for row in await store.select(SUBSCRIBER, state.key)]:
        if not _may_be_there(jid):
            await _unsubscribe(jid.full, state)
            continue
        await _send(make_message(jid, body, result, type_="headline", from_=state.jid))
        told.add(jid.bare)
    return told


async def _result(poll: PollRow, before: str, state: PollState) -> tuple[str, Element]:
    rows = await store.select(OPTION, state.key)
    lines = [f"{before}{poll.question}", *[f"{row.number}. {row.text}: {row.votes}" for row in rows]]
    options = [el("option", NS, {"number": str(row.number), "votes": str(row.votes)}, row.text) for row in rows]
    return "\n".join(lines), el("result", NS, {"closed": None if poll.closed is None else "true"}, *options)


async def _send(message: Message) -> None:
    await router.route(message, Context(Origin.SERVICE))


# -- requests, and all else


@iq_handler(NS, "create", at=(iq.DOMAIN,), only="set")
async def create(request: Iq, mod: Mod) -> Iq:
    """A poll of an account of the host."""
    assert request.payload is not None
    creator, options = request.from_, mod.options
    if creator is None or creator.domain != mod.host or not creator.local:
        raise StanzaError("forbidden")
    question = (request.payload.get("question") or "").strip()
    texts = [option.text().strip() for option in request.payload.elements("option", NS)]
    if not question or len(texts) < 2 or not all(texts):
        raise StanzaError("bad-request", "a poll has a question and two options or more")
    if len(texts) > options.options:
        raise StanzaError("not-acceptable", f"a poll has at most {options.options} options")
    if any(len(text) > options.text for text in (question, *texts)):
        raise StanzaError("not-acceptable", f"a text has at most {options.text} characters")
    poll = PollRow(mod.host, secrets.token_hex(8), creator.bare, question)
    if not await store.transaction(lambda tx: _make(tx, poll, texts, options.polls)):
        raise StanzaError("resource-constraint", f"an account has at most {options.polls} open polls")
    return request.result(el("poll", NS, {"id": poll.poll, "jid": JID(poll.poll, mod.domain).bare}))


def _make(tx: Tx, poll: PollRow, texts: list[str], most: int) -> bool:
    """Whether there was room for it."""
    if tx.count(OPEN, (poll.host, poll.creator)) >= most:
        return False
    tx.write(poll)
    tx.write(OpenRow(poll.host, poll.creator, poll.poll))
    for number, text in enumerate(texts, 1):
        tx.write(OptionRow(poll.host, poll.poll, number, text))
    return True


@iq_handler(NS, "close", at=(iq.ENTITY,), only="set")
async def close(request: Iq, mod: Mod) -> Iq:
    """By its creator."""
    assert request.to is not None
    assert request.from_ is not None
    await POLLS.call(mod, request.to.bare, Close(request.from_.bare))
    return request.result()


@stanza_handler
async def to_a_poll(stanza: Stanza, mod: Mod) -> Stanza | None:
    """What is for a poll is for its process, wherever that is."""
    assert stanza.to is not None
    if not stanza.to.local or isinstance(stanza, Iq):
        raise StanzaError("service-unavailable")
    await POLLS.deliver(mod, stanza)
    return None


@on(DiscoIdentitiesHook, at=iq.DOMAIN)
async def identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """The question of a poll."""
    row = await store.read(POLL, (mod.host, point.to.local))
    if row is None:
        return acc
    return (*acc, el("identity", ns.DISCO_INFO, {"category": "component", "type": "generic", "name": row.question}))


@on(DiscoItemsHook, at=iq.DOMAIN)
async def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """The open polls."""
    polls = [] if point.to.local else await _open_polls(mod)
    found = [{"jid": JID(row.poll, mod.domain).bare, "name": row.question} for row in polls]
    return (*acc, *[el("item", ns.DISCO_ITEMS, attrs) for attrs in found])


async def _open_polls(mod: Mod) -> list[PollRow]:
    rows = [await store.read(POLL, (mod.host, row.poll)) for row in await store.select(OPEN, (mod.host,))]
    return [row for row in rows if row is not None]


# -- the administrator, and time


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of `polls list`."""

    id: str
    creator: str
    question: str
    votes: int


@command("polls list", "the open polls", none="no open polls")
async def list_polls(mod: Mod) -> list[Listed]:
    """With how many have voted."""
    rows = await _open_polls(mod)
    return [Listed(row.poll, row.creator, row.question, await store.count(VOTE, (row.host, row.poll))) for row in rows]


@command("polls close", "close a poll and tell everybody who takes part")
async def close_poll(poll: Annotated[str, Arg("its id")], mod: Mod) -> None:
    """As its creator does."""
    row = await store.read(POLL, (mod.host, poll))
    if row is None or row.closed is not None:
        raise CommandError(f"there is no open poll {poll}")
    await POLLS.call(mod, JID(poll, mod.domain).bare, Close())


@on(AccountRemovedHook)
async def account_removed(point: AccountRemovedHook, mod: Mod) -> None:
    """Nobody else may close its polls."""
    for row in await store.select(OPEN, (mod.host, point.user.bare)):
        await POLLS.call(mod, JID(row.poll, mod.domain).bare, Close())


@every(3600)
async def clean(mod: Mod) -> None:
    """What was closed a month ago; in portions, so that others come in between."""
    before, after = CLOCK.time() - MONTH, ""
    while rows := await store.select(POLL, (mod.host,), limit=100, after=after):
        for row in rows:
            if row.closed is not None and row.closed <= before:
                await store.transaction(partial(_remove, key=(row.host, row.poll)))
        after = rows[-1].poll


def _remove(tx: Tx, key: Key) -> None:
    tx.delete(POLL, key)
    for table in (OPTION, VOTE, SUBSCRIBER):
        tx.clear(table, key)
