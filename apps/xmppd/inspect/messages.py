"""messages — stanzas in lines for an operator: as XML, without secrets.

OTP:      dbg's formatting of trace messages
Way:      otp.observer.messages → inspect.plugin → [messages] → otp.stdlib.term_format
Process:  none; pure
"""

from __future__ import annotations

from typing import Any, Final

from otp.observer import messages as terms
from otp.observer.plugin import Line
from otp.stdlib.term_format import HIDDEN, Special, is_secret, masked
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.net.connection import Batch
from xmppd.routing.account.stages import ForAccount, FromAccount
from xmppd.routing.deliver import Deliver

#: characters of one stanza that are shown
LONGEST: Final = 600

#: all text in these namespaces is a secret or part of one; in those of logins and registration only some elements'
_SECRET_NS: Final = frozenset({ns.SASL, "urn:xmpp:sasl:2", "urn:xmpp:sasl:1", "urn:xmpp:fast:0"})
#: attributes that let somebody else take over a session
_BEARER: Final = {ns.SM: frozenset({"id", "previd"})}


def lines(message: Any) -> list[Line] | None:
    """A message in lines, a batch of stanzas in one for each; None if there is no stanza in it.

    The kind of a line is message, presence, iq, or another element's name.
    """
    match message:
        case Batch(events=events):
            return [line for event in events for line in terms.lines(event)]
        case Deliver(stanza=stanza) | ForAccount(stanza=stanza) | FromAccount(stanza=stanza):
            return lines(stanza)
        case Stanza():
            return [(stanza_kind(message), _cut(xml(_addressed(message))))]
        case Element():
            return [(message.name, _cut(xml(message)))]
    return None


def stanza_kind(stanza: Stanza) -> str:
    """message, presence or iq."""
    return stanza.kind


def xml(element: Element) -> str:
    """An element as XML, what is secret in it masked, in one line."""
    return masked(hidden(element).to_xml())


def hidden(element: Element) -> Element:
    """A copy of an element with its secrets masked."""
    secret = element.ns in _SECRET_NS or is_secret(element.name) or _is_secret_field(element)
    children = [_child(child, secret) for child in element.children]
    bearer = _BEARER.get(element.ns, frozenset())
    attrs = {name: HIDDEN if is_secret(name) or name in bearer else value for name, value in element.attrs.items()}
    return Element(element.ns, element.name, attrs, children)


def _child(child: Element | str, secret: bool) -> Element | str:
    if isinstance(child, str):
        return HIDDEN if secret and child.strip() else child
    masked_child = hidden(child)
    return masked_child.with_children(HIDDEN) if secret and child.text().strip() else masked_child


def _is_secret_field(element: Element) -> bool:
    """A field of a data form (XEP-0004) that holds a password."""
    if element.ns != ns.DATA_FORMS or element.name != "field":
        return False
    return element.get("type") == "text-private" or is_secret(element.get("var") or "")


def _addressed(stanza: Stanza) -> Element:
    ends = {"from": stanza.from_ and stanza.from_.full, "to": stanza.to and stanza.to.full}
    return stanza.el.with_attrs({name: value for name, value in ends.items() if value})


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}… ({len(text)} characters)"


def _stanza(stanza: Stanza) -> str:
    return _cut(xml(_addressed(stanza)))


#: how stanzas are shown in a term
SPECIAL: Final[Special] = {
    Element: lambda element: _cut(xml(element)),
    Message: _stanza,
    Presence: _stanza,
    Iq: _stanza,
}
