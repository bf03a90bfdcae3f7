"""queue — the reports of a host that wait for an operator, and the last of those that were dealt with.

Way:      mod_reports → [queue] → store
XEP:      0377
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from xmppd.mods.reports.report_xml import SaidOf
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table


@dataclass(frozen=True, slots=True)
class AbuseReport:
    """`number` is its name; `reporter` the account that has sent it, "" if that is no more; `made`, `closed` in seconds
    since 1970, 0: it is open; `note`: what the operator says of it; the rest as in SaidOf."""

    host: str
    number: int
    reporter: str
    about: str
    reason: str
    text: str = field(repr=False)
    messages: tuple[str, ...]
    origin: bool
    others: bool
    made: int
    closed: int = 0
    note: str = field(default="", repr=False)


REPORT: Final = Table("abuse_report", AbuseReport, ("host", "number"))
MIGRATIONS: Final = (
    create_table(
        "abuse_report",
        ("host", "number"),
        host=str,
        number=int,
        reporter=str,
        about=str,
        reason=str,
        text=str,
        messages=tuple[str, ...],
        origin=bool,
        others=bool,
        made=int,
        closed=int,
        note=str,
    ),
)


@dataclass(frozen=True)
class ReportLimits:
    """`most`: reports of a host; `of_one`: open ones of one account."""

    most: int
    of_one: int


def put(tx: Tx, host: str, reporter: str, said: SaidOf, now: int, limits: ReportLimits) -> bool:
    """Whether it is kept. Who has reported the same JID before says it anew: the open report is replaced. Where the
    queue is full the oldest that was closed gives way; an open one does not."""
    rows = tx.select(REPORT, (host,))
    own = [row for row in rows if row.reporter == reporter and not row.closed]
    same = next((row for row in own if row.about == said.about), None)
    if same is None and len(own) >= limits.of_one:
        return False
    if same is None and len(rows) >= limits.most:
        closed = sorted([row for row in rows if row.closed], key=lambda row: row.closed)
        gone = closed[: len(rows) + 1 - limits.most]
        if len(rows) - len(gone) >= limits.most:
            return False
        tx.delete_many(REPORT, [(host, row.number) for row in gone])
    number = same.number if same is not None else max([row.number for row in rows], default=0) + 1
    tx.write(
        AbuseReport(
            host, number, reporter, said.about, said.reason, said.text, said.messages, said.origin, said.others, now
        )
    )
    return True


def close(tx: Tx, host: str, number: int, now: int, note: str) -> bool:
    """It was dealt with. Whether there is such a report; one that is closed stays so."""
    row = tx.read(REPORT, (host, number))
    if row is None:
        return False
    tx.write(replace(row, closed=row.closed or now, note=note or row.note))
    return True


def forget(tx: Tx, host: str, reporter: str) -> None:
    """The account is no more: what it has reported stays, and nobody knows whose it was."""
    rows = tx.select(REPORT, (host,))
    tx.write_many([replace(row, reporter="") for row in rows if row.reporter == reporter])
