"""deliver — the messages that a c2s process gets from the rest of the server.

Way:  users, session_table, mods → process.send(pid, Deliver(stanza)) → [c2s of the resource]
OTP:  cf. the {route, From, To, Packet}, replaced, kick and broadcast messages of ejabberd_c2s
Process: values; the c2s that receives them does what they ask for. All but Confirm may cross between nodes (wire.py)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core.stanza import Stanza
from xmppd.routing.context import Context


@dataclass(slots=True)  # one for every delivery: to freeze it costs more than to make it
class Deliver:
    """A stanza for the client of this session: packets.begin_receive, then written.

    `others`: the c2s processes of the account that got it, as text, if several did: one that ends does not send it on
    while another is there. `context`: what is known of it beside (None: nothing).
    """

    stanza: Stanza
    others: tuple[str, ...] = ()
    context: Context | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Older:
    """As Deliver, from a module in the c2s itself, for what is stored and older than all that is held (see hold).

    The store owns it until it has been written: a session that ends gives it back to nobody.
    """

    stanza: Stanza


@dataclass(slots=True)
class Hold:
    """What a session holds back (routing.hold): `queue` in the order in which it came, `size` of it in bytes.

    `over`: it may be written now.
    """

    queue: deque[Deliver] = field(default_factory=deque)
    size: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class DeliverIfNewer:
    """As Deliver, for a stanza that says how `subject` is now: dropped if one of a higher `version` came before it.

    Two changes of one thing, made on two nodes one after the other, need not arrive in that order.
    """

    stanza: Stanza
    subject: str
    version: int


@dataclass(slots=True)
class Confirm:
    """From this node: call `done` once all that the session was sent before is safe; `gone` if that cannot be known.
    `urgent`: somebody stands still until then."""

    done: Callable[[], None]
    gone: Callable[[], None]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Kick:
    """The stream is to end with the stream error `condition` and the words `text` (RFC 6120 §4.9)."""

    condition: str = "policy-violation"
    text: str = "has been kicked"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A newer session took this full JID: end with `<conflict/>` (RFC 6120 §7.7.2.2)."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The server is going down: end with `<system-shutdown/>`."""


@dataclass(frozen=True, slots=True)
class Quiesce:
    """The server is going down, Shutdown follows: a client that acknowledges is not heard any more, and says the rest
    again when it is back. `back` is told Quiet."""

    back: Pid


@dataclass(frozen=True, slots=True)
class Quiet:
    """A stream has heard Quiesce."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Another node was cut off for long and has told that this session is gone: what it said last is to be said again.

    c2s hands it on as SessionInfoHook; it comes from the sm of the same node.
    """


@dataclass(frozen=True, slots=True)
class RosterItemChanged:
    """A roster item of this session's account has a new subscription; c2s hands it on as SessionInfoHook.

    `contact` is a bare JID, `subscription` one of none, to, from, both. A contact that gains `from` by it is sent this
    session's presence by the session itself; to one that loses it, `unavailable` has been sent already. `version` is
    the roster's: of two messages about a contact the higher one counts, in whatever order they come.
    """

    contact: str
    subscription: str
    version: int = 0


@codec.message
@dataclass(frozen=True, slots=True)
class HandedOn:
    """To the c2s in which a session goes on, from the one that had it: all that had come for it has been sent on."""


@codec.message
@dataclass(frozen=True, slots=True)
class VisibilityChanged:
    """Who may see this session, and be seen by it, has changed otherwise than by the roster; c2s hands it on as
    SessionInfoHook. `changed`: the JIDs that are concerned, as xmpp_core.blocklist reads them; `hidden`: all that are
    hidden now."""

    changed: tuple[str, ...]
    hidden: tuple[str, ...]
