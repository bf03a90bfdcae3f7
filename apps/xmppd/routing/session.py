"""session — one bound resource: the row that all nodes share, and the state that its own c2s keeps.

Way:  c2s makes a C2sSession at bind and hands it to sm.open_session; sm keeps the Session, which every node sees
OTP:  cf. the record #session of ejabberd_sm and the state_mod map of mongoose_c2s
RFC:  6121 §4 (available, priority), §2.2 (interested resources)
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza
from xmppd.routing.context import Context
from xmppd.routing.deliver import Hold

if TYPE_CHECKING:
    from xmppd.routing.account.account import LiveAccount

T = TypeVar("T")
#: subjects whose versions a session remembers
MOST_SUBJECTS = 1000

#: the machine that this program runs on
MACHINE: Final = os.uname().nodename
Pairs = tuple[tuple[str, str], ...]
Sid = tuple[int, int]  # (nanoseconds since the epoch at bind, a count): greater is newer

_serial = count(1)


class HybridClock:
    """Nanoseconds since the epoch that never go back: a clock that is set back stands still here until it has caught up
    (a hybrid logical clock: Kulkarni et al., 2014)."""

    def __init__(self, read: Callable[[], int] = lambda: CLOCK.time_ns()) -> None:
        self._read, self._last = read, 0

    def now(self, after: int = 0) -> int:
        """A time greater than all that were given before, and than `after`, which somebody else has given."""
        self._last = max(self._read(), self._last + 1, after + 1)
        return self._last

    def begin(self) -> None:
        """Nothing was given yet."""
        self._last = 0


_CLOCK = HybridClock()


def new_sid(after: Sid = (0, 0)) -> Sid:
    """A session id that orders sessions by the time of their binding; greater than `after`, whatever the clock says."""
    return _CLOCK.now(after[0]), next(_serial)


def begin() -> None:
    """A node begins: what others in this OS process have seen is nothing to it."""
    _CLOCK.begin()


class Session(NamedTuple):  # a frozen dataclass takes ten times as long to make
    """One row of the replicated session table; a value, replaced whole at each change.

    `priority` is None while the resource is not available (RFC 6121 §4.2); `interested` is true once it has
    asked for the roster (§2.2); `info` holds what an operator wants to see (ip, tls, mechanism); `node` is that of the
    process and its machine, as in Erlang (w1@host); `client` says which of the user's clients it is, "" where it has
    not said; `published` is what modules let all nodes know of it (xmppd.routing.published); `attached` is False while
    no connection carries it, and it waits to be resumed; `stream_id` is that of its stream management (XEP-0198 §3), ""
    where the client does not acknowledge. Who knows it may resume the session, so it is never printed.
    """

    jid: JID
    pid: Pid
    sid: Sid
    priority: int | None = None
    interested: bool = False
    info: Pairs = ()
    node: str = ""
    client: str = ""
    published: tuple[tuple[str, Any], ...] = ()
    attached: bool = True
    stream_id: str = ""

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True) if name != "stream_id"]
        return f"Session({', '.join(shown)})"

    @property
    def bare(self) -> str:
        """The account, as the table's first key."""
        return self.jid.bare

    @property
    def available(self) -> bool:
        """Whether the resource has sent available presence and not taken it back."""
        return self.priority is not None


class StanzaCounter(Protocol):
    """What sees each message, presence and IQ of a stream: stream management counts them, and keeps what left.

    XEP: 0198 §4
    """

    def counted_in(self, stanza: Element) -> None:
        """The client has sent one, and it is taken up now; whether it is refused makes no difference."""

    def counted_out(
        self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...] = ()
    ) -> str | None:
        """One is for the client, written as `xml`; nobody may be connected to read it (wait_for_resume). `context` is
        what is known of it beside: its id in the archive, the time of the first attempt; `others` as in Deliver.

        Returns what is to be written behind it, "" for nothing; None: it is not to be written now. The counter has kept
        it then, and writes it later.
        """

    def heard(self, nonza: Element) -> bool:
        """The client has said something of stream management, which comes often. Whether that is all dealt with; False:
        the handler of the nonza is called."""

    def confirm(self, done: Callable[[], None], gone: Callable[[], None] | None = None) -> None:
        """Call `done` once all that was counted out is acknowledged, or on disk; `gone` if the session ends before. A
        sender asks only where the session's row has a `stream_id`."""

    def hurry(self) -> None:
        """One of those for whom `confirm` was called stands still until then."""

    def is_safe(self) -> bool:
        """Whether all that was counted out is acknowledged, or on disk, or need not be."""

    def when_acknowledged(self, done: Callable[[], None]) -> int:
        """Call `done` once the client has acknowledged all that was counted out; with which count it does so."""


class OutgoingFilter(Protocol):
    """What looks at each stanza for a client before it is counted and written."""

    def passes(self, stanza: Stanza | Element, context: Context | None, others: tuple[str, ...] = ()) -> bool:
        """Whether it is to be written now. False: the filter has kept it, and sends it later, or never. An Element need
        not be a stanza."""


class ClientStream(Protocol):
    """What a module may do with the stream of a session, from within its c2s: in handlers of hooks and nonzas.

    `counter` sees every stanza from the next one on, and before it `outgoing`, which may keep some for later; None:
    nobody does, and it costs nothing.
    """

    counter: StanzaCounter | None
    outgoing: OutgoingFilter | None

    @property
    def congested(self) -> bool:
        """The client reads too slowly: what is sent now waits behind much else."""

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """Call `fn` once, in a later turn of the loop: when the client has read enough, or its connection is gone."""

    def give_up(self, why: str) -> None:
        """Take the connection for lost, as if the client had gone: `why` in the words of the log."""

    def answer(self, item: Element) -> None:
        """Write what answers the nonza by which the session was resumed."""

    def send(self, item: Stanza | Element | str, context: Context | None = None, others: tuple[str, ...] = ()) -> None:
        """Write a stanza or a nonza to the client; `others` as in Deliver. A str is not counted: a stanza that was, and
        is sent again."""


@dataclass(slots=True, eq=False)
class C2sSession:
    """What a c2s process holds of its own session; lives and dies with that process.

    `entry` is what the session table shows of it; only sm's functions replace it. `safe`: passwords may be sent over
    its stream, which has TLS or a listener that does without. `module_states` belongs to the modules: each keeps its
    own under its own name, so a feature adds no field here. `hold` keeps what must wait for older things
    (routing.hold); `on_sign` is called once, when the client says something next; `on_touched` at each change of what
    is to be found again if the session goes on in another process; `stream` is there while the session is open;
    `seen_to_by`: who waits, once it has left, until what its client has said is safe.
    """

    entry: Session
    lang: str = ""
    safe: bool = True
    module_states: dict[str, Any] = field(default_factory=dict)
    hold: Hold | None = None
    account: LiveAccount | None = None
    on_sign: Callable[[], None] | None = None
    on_touched: Callable[[], None] | None = None
    stream: ClientStream | None = None
    seen_to_by: Pid | None = None

    @property
    def jid(self) -> JID:
        """The full JID bound to this session."""
        return self.entry.jid

    @property
    def host(self) -> str:
        """The virtual host of the account."""
        return self.entry.jid.domain

    @property
    def pid(self) -> Pid:
        """The c2s process."""
        return self.entry.pid

    @property
    def user(self) -> JID:
        """The account's bare JID."""
        return self.entry.jid.bare_jid()

    @property
    def ip(self) -> str:
        """The client's IP address, "" where it has none."""
        return dict(self.entry.info).get("ip", "")

    def module_state(self, mod: str, make: Callable[[], T]) -> T:
        """What module `mod` keeps of this session, made by `make` at its first use."""
        found: T | None = self.module_states.get(mod)
        if found is None:
            found = self.module_states[mod] = make()
        return found

    def is_newer(self, subject: str, version: int) -> bool:
        """Whether nothing of a higher version was heard about `subject` before; remembers this one."""
        return self.latest_version(subject, version) == version

    def latest_version(self, subject: str, version: int) -> int:
        """The highest version heard about `subject`, this one included."""
        heard: dict[str, int] = self.module_state("versions", dict)
        before = heard.get(subject, version)
        if before > version:
            return before
        if len(heard) >= MOST_SUBJECTS:
            heard.clear()  # what overtakes does so by milliseconds: the old ones are not needed any more
        heard[subject] = version
        return version

    def said_something(self) -> None:
        """The client lives, and has read up to some point before this."""
        tell, self.on_sign = self.on_sign, None
        if tell is not None:
            tell()

    def touched(self) -> None:
        """Something has changed that SessionSavedHook saves."""
        if self.on_touched is not None:
            self.on_touched()

    def follow(self, others: Iterable[Session]) -> None:
        """Is newer than `others`, whatever the clock says; for routing.sm.sm only, before the session is in the
        table."""
        self.follow_sid(max([other.sid for other in others], default=self.entry.sid))

    def follow_sid(self, sid: Sid) -> None:
        """As follow, for a session with this id that is not there any more."""
        if sid > self.entry.sid:
            self.entry = self.entry._replace(sid=new_sid(sid))

    def change(
        self,
        *,
        priority: int | EllipsisType | None = ...,
        interested: bool | None = None,
        published: tuple[tuple[str, Any], ...] | None = None,
        attached: bool | None = None,
        client: str | None = None,
        stream_id: str | None = None,
        info: dict[str, str] | None = None,
    ) -> Session:
        """Replaces `entry`; for routing.sm.sm only, which tells the other nodes. What is not given stays."""
        old = self.entry
        self.entry = Session(
            old.jid,
            old.pid,
            old.sid,
            old.priority if priority is ... else priority,
            old.interested if interested is None else interested,
            old.info if info is None else _facts(info),
            old.node,
            old.client if client is None else client,
            old.published if published is None else published,
            old.attached if attached is None else attached,
            old.stream_id if stream_id is None else stream_id,
        )
        self.touched()
        return self.entry


@lru_cache(1024)
def _pair(key: str, value: str) -> tuple[str, str]:
    """One pair for all sessions that have it."""
    return key, value


@lru_cache(1024)
def shared(*pairs: tuple[str, Any]) -> tuple[tuple[str, Any], ...]:
    """One tuple of pairs for all sessions of which the same is known."""
    return pairs


def _facts(info: dict[str, str]) -> Pairs:
    return shared(*[_pair(*item) for item in info.items()])


@lru_cache(1024)
def _node_of(name: str) -> str:
    return sys.intern(f"{name}@{MACHINE}")


def new_session(
    jid: JID, pid: Pid, *, lang: str = "", info: dict[str, str] | None = None, safe: bool = True, client: str = ""
) -> C2sSession:
    """The session of a resource bound just now: not available, not interested.

    `jid` is the full JID, `pid` the c2s process that will get its stanzas, `client` what the client says who it is.
    """
    return C2sSession(
        Session(jid, pid, new_sid(), None, False, _facts(info or {}), _node_of(pid.node), client), lang, safe
    )
