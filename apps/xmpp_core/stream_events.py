"""stream_events — what can happen to a client's stream, and what is to be done about it.

The vocabulary between `stream_fsm.step` (pure) and its driver (c2s). Events go in, actions come
out; a driver carries out a list of actions in order. Actions marked * are asynchronous: they stand
last in their list, and the driver feeds the event that answers them BEFORE it looks at anything
else from the wire (its mailbox waits meanwhile).

| event                                | from     | when                                              |
| ------------------------------------ | -------- | ------------------------------------------------- |
| parser.StreamStart                   | receiver | a stream header is complete                       |
| element.Element                      | receiver | a first-level child is complete                   |
| parser.StreamEnd                     | receiver | the client closed its stream                      |
| StreamFault(error)                   | receiver | the parser raised StreamError; also how a driver  |
|                                      | or c2s   | ends a stream: kick, replaced, shutdown, blocked  |
| Closed(resumable)                    | driver   | the connection is gone; a session may wait        |
| NegotiationTimeout()                 | timer    | the one budget from accept to session is spent;   |
|                                      |          | armed once at accept, never rearmed               |
| SaslResult(outcome)                  | driver   | answers SaslStep: Challenge, Success, Failure     |
| TlsReady(channel_binding)            | driver   | answers BeginTls: the receiver has switched       |
| BindResult(jid | error)              | driver   | answers Bind                                      |
| LoggedIn(jid | None)                 | driver   | answers Login, which may also be answered by      |
|                                      |          | Resumed and TakenOver                             |
| SessionOpened() / SessionRefused(e)  | driver   | answers OpenSession                               |
| LegacyAuthResult(jid | error)        | driver   | answers LegacyAuth                                |
| IqUnhandled(iq)                      | driver   | answers UnauthenticatedIq when no hook took it;   |
|                                      |          | (when one did, the driver sends its reply: no event) |
| NonzaUnhandled(el)                   | driver   | answers HandleNonza when no module took it        |
| Resumed(jid)                         | driver   | a session goes on over another connection         |
| ResumeTimeout()                      | timer    | nobody came for the detached session              |
| TakenOver()                          | driver   | another process goes on with session or connection|

| action                               | the driver                                                       |
| ------------------------------------ | ---------------------------------------------------------------- |
| SendHeader(from_, to, version, lang) | sends our stream header with a fresh id (128 bits)               |
| SendFeatures(stage, elements)        | adds what its hooks add at this stage, sends <stream:features/>  |
| SendElement(el)                      | sends el                                                         |
| BeginTls(proceed) *                  | sends proceed in the clear, then TLS; no plaintext byte that came|
|                                      | after <starttls/> may be read (else StreamFault)                 |
| SaslStep(mechanism, data, first) *   | first: makes the mechanism object; then step(data), look-ups     |
| ReportAuth(username, ok, mechanism)  | runs AuthResultHook; ok: limits of a logged-in client            |
| Login(username, …) *                 | does what the client asks for with its login (resume, else bind),|
|                                      | and sends <success/> and features in one write                   |
| RestartStream()                      | fresh parser state: the next bytes begin a new stream            |
| Bind(username, wanted) *             | chooses a resource (bind.choose), answers BindResult             |
| OpenSession(jid) *                   | opens the session in sm (kicks the old owner), stops the         |
|                                      | negotiation timer                                                |
| RouteStanza(el)                      | stamps `from`, runs UserSendPacketHook, routes                  |
| LegacyAuth(username, password, resource) * | checks the password (XEP-0078), chooses the resource       |
| UnauthenticatedIq(iq) *              | runs C2sUnauthenticatedIqHook (in-band registration)             |
| HandleNonza(el) *                    | offers el to modules (stream management, client state)           |
| CloseStream(error | None)            | our header if it was not sent, the error if any, the end; closes |
| Detach()                             | keeps the session for a resume, without a connection             |
| StopStream(reason)                   | ends without a word to the client                                |

Way:      receiver → event → stream_fsm.step → [actions] → c2s
RFC:      6120 §4 to §7
XEP:      0078, 0198
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.parser import StreamEnd, StreamStart
from xmpp_core.sasl.base import Outcome

# events


@dataclass(frozen=True, slots=True)
class StreamFault:
    """The stream cannot go on: error says why."""

    error: StreamError


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is gone. resumable: a module wants an open session to wait for another one."""

    resumable: bool = False


@dataclass(frozen=True, slots=True)
class NegotiationTimeout:
    """The time from accept to an open session is over."""


@dataclass(frozen=True, slots=True)
class SaslResult:
    """Answers SaslStep."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TlsReady:
    """Answers BeginTls. channel_binding: whether tls-server-end-point data can be had."""

    channel_binding: bool = False


@dataclass(frozen=True, slots=True)
class BindResult:
    """Answers Bind: the full JID, or why not."""

    jid: JID | None = None
    error: StanzaError | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Answers Login: the full JID if the client asked for a resource, else None."""

    jid: JID | None = None


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """Answers OpenSession: stanzas for the full JID now come here."""


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """Answers OpenSession: access denied, or too many sessions."""

    error: StanzaError


@dataclass(frozen=True, slots=True)
class LegacyAuthResult:
    """Answers LegacyAuth: the full JID, or why not."""

    jid: JID | None = None
    error: StanzaError | None = None


@dataclass(frozen=True, slots=True)
class IqUnhandled:
    """Answers UnauthenticatedIq: no hook took it."""

    iq: Element


@dataclass(frozen=True, slots=True)
class NonzaUnhandled:
    """Answers HandleNonza: no module took it."""

    element: Element


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session goes on: this stream's own over another connection, or over this stream one that another had."""

    jid: JID


@dataclass(frozen=True, slots=True)
class ResumeTimeout:
    """Nobody came for the detached session in time."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Another process goes on: with this stream's connection, or with its session."""


Event = (
    StreamStart
    | Element
    | StreamEnd
    | StreamFault
    | Closed
    | NegotiationTimeout
    | SaslResult
    | TlsReady
    | BindResult
    | LoggedIn
    | SessionOpened
    | SessionRefused
    | LegacyAuthResult
    | IqUnhandled
    | NonzaUnhandled
    | Resumed
    | ResumeTimeout
    | TakenOver
)

# actions


@dataclass(frozen=True, slots=True)
class SendHeader:
    """Our stream header; version None for clients of before RFC 3920."""

    from_: str
    to: str | None = None
    version: str | None = "1.0"
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class SendFeatures:
    """stage: "encrypt" (TLS comes first), "auth", "bind"."""

    stage: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class SendElement:
    """One element to the client."""

    element: Element


@dataclass(frozen=True, slots=True)
class BeginTls:
    """<proceed/> in the clear, then the handshake."""

    proceed: Element


@dataclass(frozen=True, slots=True)
class SaslStep:
    """The client's message for the mechanism; data None: it sent no initial response."""

    mechanism: str
    data: bytes | None = field(repr=False)
    first: bool


@dataclass(frozen=True, slots=True)
class ReportAuth:
    """An attempt ended; username None when it is not known whom the client tried to be; `reason` is the condition of
    the failure. It goes before the answer, which the driver may hold back."""

    username: str | None
    ok: bool
    mechanism: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A login by SASL2 (XEP-0388) is right: `request` is the <authenticate/> with all that the client asks for, `data`
    the mechanism's last word, `token` the one it logged in by, b"" for none."""

    username: str
    mechanism: str
    request: Element = field(repr=False)
    data: bytes | None = field(default=None, repr=False)
    token: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class RestartStream:
    """The next bytes begin a new stream."""


@dataclass(frozen=True, slots=True)
class Bind:
    """wanted "": the server chooses."""

    username: str
    wanted: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """The session is to be open when the client hears of it."""

    jid: JID


@dataclass(frozen=True, slots=True)
class RouteStanza:
    """A stanza whose `from` is absent or the client's own."""

    element: Element


@dataclass(frozen=True, slots=True)
class LegacyAuth:
    """XEP-0078 login, under TLS only."""

    username: str
    password: str
    resource: str

    def __repr__(self) -> str:
        return f"LegacyAuth(username={self.username!r}, password=<hidden>, resource={self.resource!r})"


@dataclass(frozen=True, slots=True)
class UnauthenticatedIq:
    """An IQ request from somebody who has not logged in."""

    iq: Element


@dataclass(frozen=True, slots=True)
class HandleNonza:
    """A first-level element that is no stanza."""

    element: Element


@dataclass(frozen=True, slots=True)
class CloseStream:
    """The last words, then the end."""

    error: StreamError | None = None


@dataclass(frozen=True, slots=True)
class Detach:
    """The link is lost; the session waits to be resumed."""


@dataclass(frozen=True, slots=True)
class StopStream:
    """The end without last words; reason "closed", "resumed", "timeout" or "ended", and then the error that nobody is
    there to be told."""

    reason: str
    error: StreamError | None = None


Action = (
    SendHeader
    | SendFeatures
    | SendElement
    | BeginTls
    | SaslStep
    | ReportAuth
    | Login
    | RestartStream
    | Bind
    | OpenSession
    | RouteStanza
    | LegacyAuth
    | UnauthenticatedIq
    | HandleNonza
    | CloseStream
    | Detach
    | StopStream
)
