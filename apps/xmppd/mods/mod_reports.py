"""mod_reports — who is blocked may be reported in the same breath; an operator reads it.

Way:      mod_blocking → BlockedHook → [mod_reports] → store; `./rel/xmppd report …` → [mod_reports]
Process:  runs in the c2s of the user, and where a command runs
XEP:      0377
Differs:  reports go nowhere but into the queue of the host, whatever else the user allows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from otp.erts.clock import CLOCK
from xmpp_core import ns, stamp
from xmppd import audit, metrics
from xmppd.commands import Arg, CommandError, command
from xmppd.gen_mod import Mod, on
from xmppd.mods.reports import queue, report_xml
from xmppd.mods.reports.queue import REPORT, AbuseReport, ReportLimits
from xmppd.routing.device_hook_points import BlockedHook
from xmppd.routing.hook_points import AccountRemovedHook
from xmppd.routing.iq import LOCAL
from xmppd.store import store

XEP = {377: "0.4.1"}
MIGRATIONS = queue.MIGRATIONS
FEATURES = {ns.REPORTING: (LOCAL,)}
REPORTED: Final = "reports"
_WORDS: Final = {report_xml.SPAM: "spam", report_xml.ABUSE: "abuse"}
#: characters of an operator's note
MOST_NOTE: Final = 500
COUNTED: Final = metrics.counter(
    "xmppd_reports_total", "reports of users about those whom they block", outcome=("kept", "refused")
)


@dataclass(frozen=True)
class Options:
    """`most`: reports of a host that are kept, of which those that were closed first give way; `of_one`: open ones of
    one account. What is more is not kept; the block is done all the same."""

    most: int = 1000
    of_one: int = 20

    def __post_init__(self) -> None:
        if not (1 <= self.of_one <= self.most <= 10_000):
            raise ValueError("most is 10000 at most, and not less than of_one")


@on(BlockedHook)
async def blocked(point: BlockedHook, mod: Mod) -> None:
    """What the user says of those who are blocked now goes into the queue."""
    limits = ReportLimits(mod.options.most, mod.options.of_one)
    for said in report_xml.read(point.items):
        put = partial(
            queue.put,
            host=mod.host,
            reporter=point.session.user.bare,
            said=said,
            now=int(CLOCK.time()),
            limits=limits,
        )
        kept = await store.transaction(put)
        COUNTED.cell("kept" if kept else "refused").n += 1
        what = f"report of {_WORDS.get(said.reason, 'something else')}"
        text = what if kept else f"{what} not kept, too many wait"
        audit.tell(REPORTED, text, audit.quoted(point.session.user.bare), audit.quoted(said.about))


@on(AccountRemovedHook)
async def removed(point: AccountRemovedHook, mod: Mod) -> None:
    """What it has reported stays, without its name."""
    await store.transaction(partial(queue.forget, host=mod.host, reporter=point.user.bare))


# --- what an operator sees


@dataclass(frozen=True)
class Listed:
    """A line of `report list`."""

    number: int
    about: str
    reason: str
    reporter: str
    made: str
    closed: str


@dataclass(frozen=True)
class Shown:
    """All of one report. `allows`: who else may be told of it."""

    number: int
    about: str
    reason: str
    reporter: str
    made: str
    closed: str
    says: str
    messages: list[str]
    allows: str
    note: str


@command("report list", "what users have reported, the newest first", none="nothing is reported")
async def listed(mod: Mod, all: Annotated[bool, Arg("also what was dealt with")] = False) -> Sequence[Listed]:
    """The open ones, or all."""
    rows = [row for row in await store.select(REPORT, (mod.host,)) if all or not row.closed]
    rows.sort(key=lambda row: (row.made, row.number), reverse=True)
    return [
        Listed(row.number, row.about, _reason(row), row.reporter, _when(row.made), _when(row.closed)) for row in rows
    ]


@command("report show", "what a user has said of somebody, and of which messages")
async def show(number: Annotated[int, Arg("of the report, as `report list` has it")], mod: Mod) -> Shown:
    """All of it."""
    row = await store.read(REPORT, (mod.host, number))
    if row is None:
        raise CommandError(f"there is no report {number}")
    allows = [who for who, said in (("their server", row.origin), ("others", row.others)) if said]
    return Shown(
        row.number,
        row.about,
        _reason(row),
        row.reporter,
        _when(row.made),
        _when(row.closed),
        row.text,
        list(row.messages),
        ", ".join(allows),
        row.note,
    )


@command("report close", "a report was dealt with")
async def close(
    number: Annotated[int, Arg("of the report, as `report list` has it")],
    mod: Mod,
    note: Annotated[str, Arg("what was done")] = "",
) -> None:
    """It is not listed any more, unless all are."""
    done = partial(queue.close, host=mod.host, number=number, now=int(CLOCK.time()), note=note[:MOST_NOTE])
    if not await store.transaction(done):
        raise CommandError(f"there is no report {number}")


def _reason(row: AbuseReport) -> str:
    return _WORDS.get(row.reason, row.reason)


def _when(seconds: int) -> str:
    return stamp.from_epoch(seconds) if seconds else ""
