"""stream_answers — the elements a server answers with while a stream is negotiated.

Way:      stream_fsm → [answers] → SendElement
RFC:      6120 §5.4 (STARTTLS), §6.4 (SASL), §7.6 (bind); 3921 §3 (session, optional)
XEP:      0078, 0138 (refused), 0198 (refusals), 0440
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import lru_cache

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.sasl.base import END_POINT, Failure

COMPRESS = "http://jabber.org/protocol/compress"
SM_PREFIX = "urn:xmpp:sm:"


class BadBase64(ValueError):
    """SASL data that is not base64 (RFC 6120 §6.5.5)."""


# features are the same for every stream of a listener: made once, frozen, and never changed


@lru_cache(2)
def starttls_feature(required: bool) -> Element:
    """<starttls/> in the features; required: nothing goes on without it."""
    return el("starttls", ns.TLS, None, el("required", ns.TLS) if required else None)


@lru_cache(64)
def auth_features(mechanisms: tuple[str, ...], legacy: bool) -> tuple[Element, ...]:
    """<mechanisms/>, the kinds of channel binding (XEP-0440), and XEP-0078 where it is on."""
    features = []
    if mechanisms:
        names = [el("mechanism", ns.SASL, None, name) for name in mechanisms]
        features.append(el("mechanisms", ns.SASL, None, *names))
    if any(name.endswith("-PLUS") for name in mechanisms):
        kind = el("channel-binding", ns.SASL_CB, {"type": END_POINT})
        features.append(el("sasl-channel-binding", ns.SASL_CB, None, kind))
    if legacy:
        features.append(el("auth", ns.AUTH_FEATURE))
    return tuple(features)


@lru_cache(1)
def bind_features() -> tuple[Element, ...]:
    """Bind, and the session of old clients, marked optional."""
    return (el("bind", ns.BIND), el("session", ns.SESSION, None, el("optional", ns.SESSION)))


def proceed() -> Element:
    """STARTTLS is granted."""
    return el("proceed", ns.TLS)


def tls_failure() -> Element:
    """STARTTLS is refused; the stream is closed after it (RFC 6120 §5.4.2.2)."""
    return el("failure", ns.TLS)


def challenge(data: bytes) -> Element:
    """A step of the SASL exchange."""
    return el("challenge", ns.SASL, None, b64encode(data).decode() or None)


def success(data: bytes | None) -> Element:
    """The end of the SASL exchange, with the server's final data if the mechanism has some."""
    return el("success", ns.SASL, None, None if data is None else b64encode(data).decode() or "=")


def failure(refused: Failure) -> Element:
    """A SASL failure (RFC 6120 §6.5)."""
    text = el("text", ns.SASL, {"xml:lang": "en"}, refused.text) if refused.text else None
    return el("failure", ns.SASL, None, el(refused.condition, ns.SASL), text)


def sasl_data(element: Element) -> bytes | None:
    """The data of <auth/> or <response/>: None if there is none, b"" for "=". Raises BadBase64."""
    text = element.text()
    if not text:
        return None
    if text == "=":
        return b""
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise BadBase64(str(error)) from error


def compress_refusal(request: Element) -> Element:
    """XEP-0138 is not offered: no method is setup-failed, any method is unsupported."""
    condition = "unsupported-method" if request.child("method") is not None else "setup-failed"
    return el("failure", COMPRESS, None, el(condition, COMPRESS))


def sm_refusal(request: Element, condition: str) -> Element:
    """XEP-0198 <failed/> in the version the client spoke."""
    return el("failed", request.ns, None, el(condition, ns.STANZAS))


def result(iq: Element, *children: Element) -> Element:
    """The result of an IQ the stream itself answers."""
    return el("iq", ns.CLIENT, {"type": "result", "id": iq.get("id")}, *children)


def error(stanza: Element, reason: StanzaError) -> Element:
    """The error answer to a stanza that goes nowhere."""
    attrs = {"type": "error", "id": stanza.get("id"), "from": stanza.get("to")}
    return el(stanza.name, ns.CLIENT, attrs, reason.to_element())


def bound(iq: Element, jid: JID) -> Element:
    """The result of a bind (RFC 6120 §7.6.1)."""
    return result(iq, el("bind", ns.BIND, None, el("jid", ns.BIND, None, jid.full)))


def legacy_fields(iq: Element) -> Element:
    """XEP-0078 §3.1: what a login needs. No digest: that would need stored passwords."""
    names = ("username", "password", "resource")
    return result(iq, el("query", ns.AUTH, None, *[el(name, ns.AUTH) for name in names]))
