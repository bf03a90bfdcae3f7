"""crash_points — named places in the code at which a test makes the process die, as kill -9 would at that moment.

OTP:      none; cf. the failure points of FreeBSD's fail(9)
Way:      any part that commits or acknowledges → [reach]; node.worker and cli.main arm what the environment names
Process:  none: the process that reaches the point ends, with the exit code of a kill and nothing unwound
Differs:  a supervisor never sees it, as it never sees a kill -9 of its own OS process

    XMPPD_CRASH_AT=store.before_commit:3        at the third passing, in every worker, in its first life only
    XMPPD_CRASH_AT=store.before_commit:3@w2     the same in the worker w2

POINTS is the one list of them. tests/crash walks it: each point is a death under load, after which nothing that was
acknowledged may be missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

#: the variable that names a point
VARIABLE: Final = "XMPPD_CRASH_AT"
#: 128 and the number of SIGKILL: what a shell says of a process that was killed
EXIT_KILLED: Final = 137

#: name → what is done by then, and what is not
POINTS: Final[Mapping[str, str]] = {
    "store.in_group": "one transaction of a group has run, and nothing of the group is committed",
    "store.before_commit": "all transactions of a group have run; COMMIT comes next",
    "store.after_commit": "the group is committed; nobody who waits for it knows",
    "store.answered": "those who wait for the group have been answered",
    "db.in_backup": "all of a backup is written, under another name; it is neither checked nor in its place",
    "db.in_copy": "all rows are in the other database; its transaction is open",
    "store.in_migration": "one step of a module's tables is made; the transaction of all steps is open",
    "roster.between_rosters": "one side of a subscription is written, the other comes next in the same transaction",
    "offline.before_deletion": "the client has confirmed stored messages; they are deleted next",
    "sm.before_ack": "what a client has sent is safe; the server's own <a/> for it leaves next",
    "sm.before_commit": "what clients have not acknowledged is written next, at a sender's wish",
    "sm.after_commit": "what clients have not acknowledged is on disk; no sender knows",
    "sm.before_state": "how a session is now is written into the journal next",
    "sm.after_state": "how a session is now is in the journal",
    "sm.before_count": "how much of a client's is handled is written into the journal next, before the client hears it",
    "sm.after_count": "how much of a client's is handled is in the journal, and the client has not heard it",
    "detach.before_commit": "a connection is lost; that its session waits is written next",
    "detach.after_commit": "a session that waits for its client is on disk",
    "resume.before_commit": "a client has come for its session; that this one has it is written next",
    "resume.after_commit": "a client's session is this process's on disk, and the client has not heard it",
    "surrender.answered": "another worker has given a session away; it is not in the table of this one yet",
    "adopt.claimed": "what a dead worker has left is this one's to take, and nothing is taken",
    "adopt.committed": "the sessions of a dead worker are this one's on disk; none of them is open",
    "durability.before_answer": "what a sender asks for is acknowledged or on disk; it is told next",
    "durability.flushed": "all that a process has handed over is stored; its acknowledgement comes next",
}

#: called with the name of each point that is reached; empty unless a test is there
WATCHERS: Final[list[Callable[[str], None]]] = []
_TEXT: Final = re.compile(r"(?P<name>[a-z_.]+)(?::(?P<passing>[1-9]\d*))?(?:@(?P<node>\w+))?")


@dataclass(frozen=True, slots=True)
class CrashAt:
    """Where to die: at which passing of the point `name`, from 1, and on which node; "" is any."""

    name: str
    passing: int = 1
    node: str = ""


def reach(name: str) -> None:
    """Say that the point `name` of POINTS is passed. Does nothing, in 40 ns, unless somebody watches; any thread."""
    for watcher in WATCHERS:
        watcher(name)


def parse(text: str) -> CrashAt | None:
    """What the variable says; None for an empty text. Raises ValueError with the names that there are."""
    if not text:
        return None
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"{VARIABLE} must be NAME, NAME:PASSING or NAME:PASSING@NODE, not {text!r}")
    if found["name"] not in POINTS:
        raise ValueError(f"{VARIABLE}: there is no point {found['name']!r}; there are {', '.join(sorted(POINTS))}")
    return CrashAt(found["name"], int(found["passing"] or 1), found["node"] or "")


def arm(text: str, node: str = "") -> bool:
    """Make this OS process die where `text` says, if that is meant for `node`; whether it will. Raises ValueError."""
    wanted = parse(text)
    if wanted is None or wanted.node not in ("", node):
        return False
    WATCHERS.append(_executioner(wanted))
    return True


def _executioner(wanted: CrashAt) -> Callable[[str], None]:
    left = wanted.passing

    def watch(name: str) -> None:
        nonlocal left
        if name != wanted.name:
            return  # another thread may pass another point when this one has just been counted
        left -= 1
        if left == 0:
            os.write(2, f"{VARIABLE}: dies at {name}\n".encode())
            os._exit(EXIT_KILLED)

    return watch
