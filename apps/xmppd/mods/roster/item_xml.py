"""item_xml — a contact as the text that its owner's client is sent.

Way:  view (the whole roster), totals (how many octets that is) → [item_xml]
RFC:  6121 §2.1.2
"""

from __future__ import annotations

from xmpp_core import escape
from xmpp_core.subscription import In, Item, Out
from xmppd.mods.roster.tables import RosterItem

# what the client is told of each pair of axes, worked out once
_ASK = Out.ASK.value
_SUBSCRIPTION = {(o.value, i.value): Item(out=o, in_=i).subscription for o in Out for i in In}


def text(record: RosterItem) -> str:
    """view.element(record) as XML, five times as fast: rosters are long."""
    subscription = _SUBSCRIPTION[record.out_axis, record.in_axis]
    head = f"<item jid='{escape.attr(record.contact)}' subscription='{subscription}'"
    if record.name:
        head += f" name='{escape.attr(record.name)}'"
    if record.out_axis == _ASK:
        head += " ask='subscribe'"
    if record.approved:
        head += " approved='true'"
    if not record.groups:
        return f"{head}/>"
    return f"{head}>{''.join([f'<group>{escape.text(group)}</group>' for group in record.groups])}</item>"
