"""stamp — dates and times as XMPP writes them, and the mark of a stanza that was delayed.

Way:      mod_offline, mod_time, mod_last → [format, delay]; the clock is theirs, never ours
XEP:      0082 (date and time profiles), 0203 (delayed delivery)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from xmpp_core import ns
from xmpp_core.element import Element, el

_DATETIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def format_datetime(when: datetime) -> str:
    """XEP-0082 DateTime in UTC, "2026-07-31T09:30:00Z", with milliseconds where there are some.

    Raises ValueError for a datetime without a zone.
    """
    if when.tzinfo is None:
        raise ValueError("a time stamp needs a zone")
    utc = when.astimezone(UTC)
    text = utc.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{utc.microsecond // 1000:03}Z" if utc.microsecond >= 1000 else f"{text}Z"


def from_epoch(seconds: float) -> str:
    """XEP-0082 DateTime of a Unix time."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


def parse_datetime(text: str) -> datetime:
    """The time of an XEP-0082 DateTime, with its zone. Raises ValueError."""
    found = _DATETIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a date and time: {text[:40]!r}")
    year, month, day, hour, minute, second = [int(part) for part in found.groups()[:6]]
    micro = int((found[7] or "0")[:6].ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, micro, _zone(found[8]))


def format_zone(offset: timedelta) -> str:
    """XEP-0082 time zone, "+02:00" or "Z", of an offset from UTC in whole minutes."""
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "Z"
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def delay(from_: str, when: datetime, reason: str = "") -> Element:
    """<delay/>: from_ (a JID) kept the stanza since when."""
    attrs = {"from": from_, "stamp": format_datetime(when)}
    return el("delay", ns.DELAY, attrs, reason or None)


def delay_of(stanza: Element) -> datetime | None:
    """When a stanza was first sent, if it says so in a form that can be read."""
    mark = stanza.child("delay", ns.DELAY)
    try:
        return parse_datetime(mark.get("stamp") or "") if mark is not None else None
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(f"not a zone: {text}")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
