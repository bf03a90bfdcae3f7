"""wire — clients on real sockets, one blocking call after the other, for tests against a booted server.

    with Wire(port) as wire:
        wire.open()                                    # header out, header and features in
        wire.login("romeo", "secret", "orchard")       # or start_tls() before it; leaves wire.jid
        wire.send("<presence/>")
        presence = wire.next()                         # the next element, an ElementTree one; raises Silence, Ended

Nothing here is the server's own code: the elements come from expat as ElementTree has it, SCRAM from scramp.
A `Component` is an external service (XEP-0114).
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable
from typing import Self
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, XMLPullParser

import scramp

CLIENT, COMPONENT = "jabber:client", "jabber:component:accept"
STREAM = "{http://etherx.jabber.org/streams}"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
ROSTER = "jabber:iq:roster"
PATIENCE = 8.0


class Silence(AssertionError):
    """Nothing came in time."""


class Ended(AssertionError):
    """The server has closed the stream; `error` is the stream error's condition, or None."""

    def __init__(self, error: Element | None) -> None:
        self.error = error[0].tag.rpartition("}")[2] if error is not None and len(error) else None
        super().__init__(f"the stream has ended: {self.error}")


class Reader:
    """Bytes of one stream in, its header and whole elements out."""

    def __init__(self) -> None:
        self.parser = XMLPullParser(events=("start", "end"))
        self.depth = 0
        self.header: Element | None = None
        self.elements: deque[Element] = deque()
        self.ended = False

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            assert isinstance(element, Element)
            self._start(element) if event == "start" else self._end(element)

    def _start(self, element: Element) -> None:
        if self.depth == 0:
            self.header = element
        self.depth += 1

    def _end(self, element: Element) -> None:
        self.depth -= 1
        if self.depth == 1:
            self.elements.append(element)
        elif self.depth == 0:
            self.ended = True


class Wire:
    """One connection to the server. `header` is the server's last stream header, `features` what came with it."""

    namespace = CLIENT

    def __init__(self, port: int, domain: str = "localhost") -> None:
        self.domain = domain
        self.sock: socket.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader()
        self.features = Element("none")
        self.error: Element | None = None
        self.jid = ""
        self.gone = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    # -- bytes

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def _read(self, until: float) -> None:
        """One read. Raises Silence; an end of the connection is noted."""
        self.sock.settimeout(max(until - time.monotonic(), 0.001))
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            raise Silence("nothing came") from None
        except (ConnectionError, ssl.SSLEOFError):
            data = b""
        self.gone = self.gone or not data
        self.reader.feed(data)

    def drop(self) -> None:
        """Break the connection without a word."""
        self.sock.close()

    # -- elements

    def next(self, seconds: float = PATIENCE) -> Element:
        """The next element. Raises Silence after `seconds`, Ended at the end of the stream."""
        until = time.monotonic() + seconds
        while not self.reader.elements:
            if self.gone or self.reader.ended:
                raise Ended(self.error)
            self._read(until)
        element = self.reader.elements.popleft()
        if element.tag == STREAM + "error":
            self.error = element
            return self.next(seconds)
        return element

    def end(self, seconds: float = PATIENCE) -> str | None:
        """Wait for the end of the stream, with nothing before it; the condition of its error, None if it had none."""
        try:
            element = self.next(seconds)
        except Ended as end:
            return end.error
        raise AssertionError(f"not the end, but {show(element)}")

    def waiting(self) -> list[Element]:
        """What has come and was not asked for yet, without waiting."""
        try:
            while True:
                self._read(time.monotonic())
                if self.gone:
                    break
        except Silence:
            pass
        found = list(self.reader.elements)
        self.reader.elements.clear()
        return found

    def close(self) -> None:
        """End the stream in order and wait for the server's end."""
        self.send("</stream:stream>")
        until = time.monotonic() + PATIENCE
        while not (self.gone or self.reader.ended):
            self._read(until)
        self.drop()

    # -- the stream

    def open(self, more: str = "version='1.0'") -> Element:
        """A new header; returns the features (or raises Ended with the stream error)."""
        self.header(f"to='{self.domain}' xmlns='{self.namespace}' {more}")
        self.features = self.next()
        assert self.features.tag == STREAM + "features", show(self.features)
        return self.features

    def header(self, attributes: str) -> None:
        """A new header as given; nothing is waited for."""
        self.reader = Reader()
        self.send(f"<?xml version='1.0'?><stream:stream xmlns:stream='{STREAM[1:-1]}' {attributes}>")

    def start_tls(self, context: ssl.SSLContext | None = None) -> None:
        """STARTTLS, the handshake, and a new stream."""
        self.send(f"<starttls xmlns='{TLS}'/>")
        assert self.next().tag == f"{{{TLS}}}proceed"
        self.wrap(context)
        self.open()

    def wrap(self, context: ssl.SSLContext | None = None) -> None:
        """TLS from here on; by default no certificate is asked for."""
        if context is None:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock.settimeout(PATIENCE)
        self.sock = context.wrap_socket(self.sock, server_hostname=self.domain)

    # -- login

    def authenticate(self, user: str, password: str, mechanism: str = "PLAIN") -> Element:
        """One run of SASL; returns <success/> or <failure/>."""
        if mechanism != "PLAIN":
            return self._scram(user, password, mechanism)
        self.auth("PLAIN", f"\0{user}\0{password}")
        return self.next()

    def auth(self, mechanism: str, text: str) -> None:
        """Send <auth/>."""
        self.send(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{base64.b64encode(text.encode()).decode()}</auth>")

    def _scram(self, user: str, password: str, mechanism: str) -> Element:
        client = scramp.ScramClient([mechanism], user, password)
        self.auth(mechanism, client.get_client_first())
        challenge = self.next()
        if challenge.tag != f"{{{SASL}}}challenge":
            return challenge
        client.set_server_first(base64.b64decode(challenge.text or "").decode())
        last = base64.b64encode(client.get_client_final().encode()).decode()
        self.send(f"<response xmlns='{SASL}'>{last}</response>")
        outcome = self.next()
        if outcome.tag == f"{{{SASL}}}success":
            client.set_server_final(base64.b64decode(outcome.text or "").decode())
        return outcome

    def login(self, user: str, password: str = "secret", resource: str = "", mechanism: str = "PLAIN") -> Self:
        """From the first header to a bound resource; `jid` is the full JID then."""
        if self.reader.header is None:
            self.open()
        outcome = self.authenticate(user, password, mechanism)
        assert outcome.tag == f"{{{SASL}}}success", show(outcome)
        self.open()
        self.bind(resource)
        return self

    def bind(self, resource: str = "") -> str:
        """Bind; returns the full JID."""
        wish = f"<resource>{resource}</resource>" if resource else ""
        answer = self.ask("set", f"<bind xmlns='{BIND}'>{wish}</bind>")
        self.jid = answer.findtext(f".//{{{BIND}}}jid") or ""
        return self.jid

    # -- phrases

    @property
    def bare(self) -> str:
        """The bare JID."""
        return self.jid.partition("/")[0]

    def ask(self, type_: str, payload: str, to: str = "") -> Element:
        """An IQ; its answer must be the next element."""
        address = f" to='{to}'" if to else ""
        ident = f"q{time.monotonic_ns()}"
        self.send(f"<iq type='{type_}' id='{ident}'{address}>{payload}</iq>")
        answer = self.next()
        assert answer.get("id") == ident, f"not the answer: {show(answer)}"
        return answer

    def roster(self) -> dict[str, dict[str, str]]:
        """The roster: contact -> the item's attributes. This also makes the resource interested."""
        answer = self.ask("get", f"<query xmlns='{ROSTER}'/>")
        return {item.attrib["jid"]: dict(item.attrib) for item in answer.iter(f"{{{ROSTER}}}item")}

    def online(self, presence: str = "<presence/>") -> Self:
        """Ask for the roster and become available; the own presence, which comes back, is taken."""
        self.roster()
        self.send(presence)
        self.skip_own()
        return self

    def skip_own(self) -> None:
        """The reflection of the own presence must be the next element."""
        own = self.next()
        assert (local(own), own.get("from"), own.get("type")) == ("presence", self.jid, None), show(own)

    def nothing_from(self, other: Wire, at: str = "", own: str = "") -> None:
        """All that `other` had the server send here is read: `other` sends a mark, and it must be the next."""
        mark = mark_to(other, at or self.jid, own)
        got = self.next()
        assert is_mark(got, mark), f"unexpected: {show(got)}"

    def until_mark(self, other: Wire, at: str = "", own: str = "") -> list[Element]:
        """What came before a mark that `other` sends now."""
        mark, found = mark_to(other, at or self.jid, own), []
        while not is_mark(got := self.next(), mark):
            found.append(got)
        return found


class Component(Wire):
    """An external component: `domain` is its own."""

    namespace = COMPONENT

    def handshake(self, secret: str) -> Self:
        """Header and handshake. Raises Ended if the server refuses."""
        self.header(f"to='{self.domain}' xmlns='{COMPONENT}'")
        until = time.monotonic() + PATIENCE
        while self.reader.header is None:
            self._read(until)
        told = hashlib.sha1((self.reader.header.get("id", "") + secret).encode()).hexdigest()
        self.send(f"<handshake>{told}</handshake>")
        assert local(self.next()) == "handshake"
        self.jid = self.domain
        return self


def mark_to(sender: Wire, to: str, own: str = "") -> str:
    """Have `sender` send a mark to a full JID or a component; stanzas between two keep their order."""
    ident = f"mark{time.monotonic_ns()}"
    from_ = f" from='{own or sender.jid}'" if isinstance(sender, Component) else ""
    sender.send(f"<message type='headline' id='{ident}' to='{to}'{from_}/>")
    return ident


def is_mark(element: Element, mark: str) -> bool:
    """Whether this is that mark."""
    return local(element) == "message" and element.get("id") == mark


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def show(element: Element) -> str:
    """As text, for a message to who reads the test's failure."""
    return ElementTree.tostring(element, encoding="unicode")


def condition(element: Element) -> str | None:
    """The condition of a stanza error, of <failure/> or <failed/>; None if there is none."""
    if local(element) in ("failure", "failed"):
        return local(element[0]) if len(element) else None
    for child in element:
        if local(child) == "error" and len(child):
            return local(child[0])
    return None


def mechanisms(features: Element) -> set[str]:
    """The SASL mechanisms offered."""
    return {el.text or "" for el in features.iter(f"{{{SASL}}}mechanism")}


def names(elements: Iterable[Element]) -> list[str]:
    """Kinds and types, as "presence:unavailable"; for comparing what came."""
    return [f"{local(el)}:{el.get('type', '')}".rstrip(":") for el in elements]
