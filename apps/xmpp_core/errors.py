"""errors — the two families of errors: one is answered, the other ends the stream.

A StanzaError is raised by whoever handles a stanza and becomes its error reply; a StreamError is
raised where the stream itself is broken and becomes <stream:error/>. Anything else is a crash.

RFC:  6120 §8.3 (stanza errors), §4.9 (stream errors)
"""

from collections.abc import Mapping
from types import MappingProxyType

from xmpp_core import ns
from xmpp_core.element import Element

# RFC 6120 §8.3.3: condition -> the type it usually has
STANZA_CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "bad-request": "modify",
        "conflict": "cancel",
        "feature-not-implemented": "cancel",
        "forbidden": "auth",
        "gone": "cancel",
        "internal-server-error": "cancel",
        "item-not-found": "cancel",
        "jid-malformed": "modify",
        "not-acceptable": "modify",
        "not-allowed": "cancel",
        "not-authorized": "auth",
        "policy-violation": "modify",
        "recipient-unavailable": "wait",
        "redirect": "modify",
        "registration-required": "auth",
        "remote-server-not-found": "cancel",
        "remote-server-timeout": "wait",
        "resource-constraint": "wait",
        "service-unavailable": "cancel",
        "subscription-required": "auth",
        "undefined-condition": "cancel",
        "unexpected-request": "wait",
    }
)
STANZA_TYPES = frozenset({"auth", "cancel", "continue", "modify", "wait"})

# RFC 6120 §4.9.3
STREAM_CONDITIONS = frozenset(
    {
        "bad-format",
        "bad-namespace-prefix",
        "conflict",
        "connection-timeout",
        "host-gone",
        "host-unknown",
        "improper-addressing",
        "internal-server-error",
        "invalid-from",
        "invalid-namespace",
        "invalid-xml",
        "not-authorized",
        "not-well-formed",
        "policy-violation",
        "remote-connection-failed",
        "reset",
        "resource-constraint",
        "restricted-xml",
        "see-other-host",
        "system-shutdown",
        "undefined-condition",
        "unsupported-encoding",
        "unsupported-feature",
        "unsupported-stanza-type",
        "unsupported-version",
    }
)


class StanzaError(Exception):
    """An error that answers one stanza.

    `type_` defaults to what the RFC gives for the condition; `uri` is the content of gone and
    redirect; `app` is an application-specific condition. Raises ValueError for unknown names.
    """

    def __init__(
        self, condition: str, text: str = "", *, type_: str = "", app: Element | None = None, uri: str = ""
    ) -> None:
        super().__init__(condition, text)
        if condition not in STANZA_CONDITIONS or (type_ and type_ not in STANZA_TYPES):
            raise ValueError(f"no such stanza error: {condition} {type_}")
        self.condition = condition
        self.type_ = type_ or STANZA_CONDITIONS[condition]
        self.text = text
        self.app = app
        self.uri = uri

    def to_element(self, by: str = "") -> Element:
        """<error type=…><condition/><text/>app</error>, in jabber:client. RFC: 6120 §8.3.2"""
        attrs = {"type": self.type_, "by": by} if by else {"type": self.type_}
        return Element(ns.CLIENT, "error", attrs, _content(self, ns.STANZAS))

    @classmethod
    def from_element(cls, stanza: Element) -> "StanzaError":
        """Reads the <error/> of a stanza of type error; unknown conditions become undefined-condition."""
        error = stanza.child("error") or Element(stanza.ns, "error")
        condition, text, app, uri = "undefined-condition", "", None, ""
        for child in error.elements():
            if child.ns != ns.STANZAS:
                app = child
            elif child.name == "text":
                text = child.text()
            elif child.name in STANZA_CONDITIONS:
                condition, uri = child.name, child.text()
        type_ = error.attrs.get("type", "")
        return cls(condition, text, type_=type_ if type_ in STANZA_TYPES else "", app=app, uri=uri)

    def __reduce__(self) -> tuple[object, ...]:
        return stanza_error, (self.condition, self.text, self.type_)


class StreamError(Exception):
    """An error after which the stream is closed.

    `uri` is the content of see-other-host. `events` holds what the parser had completed in the
    same feed before the error: a receiver hands them on first.
    """

    def __init__(self, condition: str, text: str = "", *, app: Element | None = None, uri: str = "") -> None:
        super().__init__(condition, text)
        if condition not in STREAM_CONDITIONS:
            raise ValueError(f"no such stream error: {condition}")
        self.condition = condition
        self.text = text
        self.app = app
        self.uri = uri
        self.events: list[object] = []

    def to_element(self) -> Element:
        """<stream:error><condition/><text/>app</stream:error>. RFC: 6120 §4.9.2"""
        return Element(ns.STREAM, "error", {}, _content(self, ns.STREAMS))


class Unreadable(Exception):
    """Text that this server is to have written, and that is no element: no stream's fault, and no stanza's."""


def stanza_error(condition: str, text: str = "", type_: str = "") -> StanzaError:
    """A StanzaError by its condition, e.g. `raise stanza_error("item-not-found")`."""
    return StanzaError(condition, text, type_=type_)


def _content(error: StanzaError | StreamError, space: str) -> list[Element | str]:
    content: list[Element | str] = [Element(space, error.condition, {}, [error.uri] if error.uri else [])]
    if error.text:
        content.append(Element(space, "text", {"xml:lang": "en"}, [error.text]))
    if error.app is not None:
        content.append(error.app)
    return content
