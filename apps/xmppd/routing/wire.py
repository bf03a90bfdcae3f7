"""wire — lets stanzas, addresses and sessions cross between nodes.

OTP:      registrations for otp.kernel.codec; imported for their effect, by session_table
Way:      process.send to a c2s of another worker → codec → [wire] → its mailbox
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import deliver
from xmppd.routing.context import Context
from xmppd.routing.message_with_text import MessageWithText
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.serialized_message import SerializedMessage
from xmppd.routing.session import Pairs, Session, Sid, shared

# flat codes: what crosses most often takes one byte for its name
_ELEMENT, _JID, _MESSAGE, _PRESENCE, _IQ, _DELIVER, _SESSION = range(40, 47)
_KINDS: tuple[tuple[type[Stanza], int], ...] = ((Message, _MESSAGE), (Presence, _PRESENCE), (Iq, _IQ))
_CODES = {cls.kind: code for cls, code in _KINDS}
_CLASSES = {code: cls for cls, code in _KINDS}


def _fields(stanza: Stanza) -> tuple[Any, ...]:
    from_, to = stanza.from_, stanza.to
    return (stanza.el.to_wire(), from_ and from_.full, to and to.full)


def _stanza(cls: type[Stanza], wire: Any, from_: str | None, to: str | None) -> Stanza:
    return cls(Element.from_wire(wire), (from_ and JID.parse(from_)) or None, (to and JID.parse(to)) or None)


def _register_stanza(cls: type[Stanza], code: int) -> None:
    codec.register(cls, code, _fields, lambda *fields: _stanza(cls, *fields), flat=True)


def _deliver_fields(message: deliver.Deliver) -> tuple[Any, ...]:
    stanza = message.stanza  # _fields and _stanza in one step: every message between workers comes this way
    from_, to = stanza.from_, stanza.to
    fields = (_CODES[stanza.kind], stanza.el.to_wire(), from_ and from_.full, to and to.full)
    if message.context is None:
        return fields if not message.others else (*fields, message.others)
    return (*fields, message.others, message.context.to_wire())


def _deliver(
    code: int, wire: Any, from_: str | None, to: str | None, others: Iterable[str] = (), context: Iterable[Any] = ()
) -> deliver.Deliver:
    parse = JID.parse
    stanza = _CLASSES[code](Element.from_wire(wire), (from_ and parse(from_)) or None, (to and parse(to)) or None)
    known = Context.from_wire(*context) if context else None
    return deliver.Deliver(stanza, tuple(others) if others else (), known)


def _session_fields(session: Session) -> tuple[Any, ...]:
    s = session
    usual = (s.jid.full, codec.pack(s.pid), s.sid, s.priority, s.interested, s.info, s.node)
    if s.attached and not s.published and not s.client and not s.stream_id:
        return usual
    return (*usual, s.client, codec.pack(s.published), s.attached, s.stream_id)


def _session(
    jid: str, pid: Any, sid: Sid, priority: int | None, interested: bool, info: Pairs, node: str, *rest: Any
) -> Session:
    facts = shared(*[(key, value) for key, value in info])
    own: Pid = codec.unpack(pid)
    usual = (JID.parse(jid), own, (sid[0], sid[1]), priority, interested, facts, sys.intern(node))
    if not rest:
        return Session(*usual)
    client, packed, attached, stream_id = rest
    published = shared(*[(sys.intern(name), value) for name, value in codec.unpack(packed)])
    return Session(*usual, client, published, attached, stream_id)


codec.register(Element, _ELEMENT, lambda el: el.to_wire(), lambda *wire: Element.from_wire(wire), flat=True)
codec.register(JID, _JID, lambda jid: (jid.full,), JID.parse, flat=True)
for _cls, _code in _KINDS:
    _register_stanza(_cls, _code)
_WRITTEN: tuple[tuple[type[Stanza], type[Stanza]], ...] = (
    (SerializedIq, Iq), (SerializedMessage, Message), (MessageWithText, Message),
)  # fmt: skip
for _written, _plain in _WRITTEN:  # the text does not go along
    codec.register(
        _written, _written.__name__, _fields, lambda *fields, plain=_plain: _stanza(plain, *fields), flat=True
    )
codec.register(deliver.Deliver, _DELIVER, _deliver_fields, _deliver, flat=True)
codec.register(Session, _SESSION, _session_fields, _session, flat=True)
for _message in (deliver.Kick, deliver.Replaced, deliver.Shutdown, deliver.DeliverIfNewer, deliver.RosterItemChanged):
    codec.message(_message)
