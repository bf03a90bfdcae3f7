"""notification — what an app server is sent, and what its answer means.

Way:      pusher → [notification] → answers.ask
XEP:      0357 §7 (publishing), §8 (errors); 0004; 0060 §7.1
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns, parser
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, make_iq
from xmppd.mods.push.registrations import PushRegistration

#: errors of an app server that does not want this registration any more. Others pass: a service that is down, a link
#: that is cut, a limit. XEP: 0357 §8
PERMANENT: Final = frozenset({
    "bad-request", "conflict", "feature-not-implemented", "forbidden", "gone", "item-not-found", "jid-malformed",
    "not-acceptable", "not-allowed", "not-authorized", "registration-required", "subscription-required",
})  # fmt: skip
#: characters of a message that are passed on
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of the messages: how many there are, and, if the operator wants that, of the last one by whom and
    what it says."""

    count: int
    sender: str = field(default="", repr=False)
    body: str = field(default="", repr=False)


def publication(row: PushRegistration, summary: Summary) -> Iq:
    """The request, in the name of the account's server."""
    values = {"message-count": str(summary.count), "last-message-sender": summary.sender}
    values["last-message-body"] = summary.body[:LONGEST]
    said = [Field(var, (value,)) for var, value in values.items() if value]
    form = Form("submit", (Field("FORM_TYPE", (ns.PUSH_SUMMARY,), "hidden"), *said)).to_element()
    item = el("item", ns.PUBSUB, None, el("notification", ns.PUSH, None, form))
    parts = [el("publish", ns.PUBSUB, {"node": row.node or None}, item)]
    options = _options(row)
    if options is not None:
        parts.append(el("publish-options", ns.PUBSUB, None, options))
    return make_iq("set", "", el("pubsub", ns.PUBSUB, None, *parts), to=JID.parse(row.service), from_=JID("", row.host))


def _options(row: PushRegistration) -> Element | None:
    """As the client has given them."""
    try:
        return parser.parse_written(row.form) if row.form else None
    except Unreadable:
        return None


def is_permanent(error: StanzaError) -> bool:
    """Whether the app server will say so again."""
    return error.type_ != "wait" and error.condition in PERMANENT
