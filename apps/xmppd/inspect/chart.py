"""chart — the parent's half of `trace --chart`: waits for one stanza to have gone its way, and puts it in order.

OTP:      et
Way:      cli.inspect_verbs → node.control → [chart] → inspect.hops on each worker → otp.observer.sequence draws it
Process:  runs in the process of the control connection

Each arrow's time is that since the arrow before it on the same branch: where a stanza goes to several sessions, each of
them is a branch that begins at the router.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from otp.erts import process
from otp.observer import nodes
from otp.observer.sequence import Arrow
from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.inspect.words import is_jid
from xmppd.node.parent_state import state

_HOPS: Final = "xmppd.inspect.hops"
#: seconds between two looks, and for which a way must have brought nothing new to be taken for complete
_LOOK, _QUIET = 0.1, 0.25
#: stations of the recipient's side
_FAR: Final = frozenset({"mailbox", "link", "recipient", "transport", "client"})


async def chart(target: str | None, kind: str | None, seconds: float) -> dict[str, Any]:
    """The way of the next stanza that `target` (a JID; None: anybody) sends. Raises CommandError if none comes."""
    if target is not None and not is_jid(target):
        raise CommandError(f"{target} is no JID: a chart is of a stanza that a client sends", EXIT_USAGE)
    workers = state().workers
    await nodes.each(f"{_HOPS}:begin", float(seconds), only=workers)
    try:
        found = await _wait(target, kind, time.monotonic() + float(seconds), workers)
    finally:
        await nodes.each(f"{_HOPS}:end", only=workers)
    if found is None:
        raise CommandError(f"no {kind or 'stanza'} of {target or 'anybody'} within {seconds:g} s")
    sender, of_kind, notes = found
    made = arrows(notes, sender)
    total = made[-1].at if made else 0.0
    return {"sender": sender, "kind": of_kind, "us": total, "arrows": [arrow.as_dict() for arrow in made]}


Found = tuple[str, str, list[Sequence[Any]]]


async def _wait(target: str | None, kind: str | None, until: float, workers: Iterable[str]) -> Found | None:
    while True:
        await process.sleep(_LOOK)
        answers = await nodes.each(f"{_HOPS}:notes", only=list(workers))
        ways = merged(answer for answer in answers.values() if answer)
        found = complete(ways, target, kind, time.monotonic_ns())
        if found is not None or time.monotonic() > until:
            return found


def merged(answers: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The notes of all nodes, by key, in the order of time; those of an answer are of the stanza it is the end of."""
    ways: dict[str, dict[str, Any]] = {}
    for answer in answers:
        for key, entry in answer.items():
            way = ways.setdefault(key, {"sender": None, "kind": None, "notes": []})
            way["sender"], way["kind"] = way["sender"] or entry["sender"], way["kind"] or entry["kind"]
            way["notes"] += entry["notes"]
            way["of"] = entry.get("of") or way.get("of")
    for key in [key for key, way in ways.items() if way["of"] in ways]:
        answer = ways.pop(key)
        ways[answer["of"]]["notes"] += answer["notes"]
    for way in ways.values():
        way["notes"].sort()
    return ways


def complete(ways: Mapping[str, Any], target: str | None, kind: str | None, now: int) -> Found | None:
    """The first way that is wanted and has brought nothing new for a while; None if there is none yet."""
    for way in ways.values():
        sender, notes = way["sender"], way["notes"]
        if sender is None or (kind and way["kind"] != kind) or not _is(sender, target):
            continue
        if now - notes[-1][0] >= _QUIET * 1e9:
            return sender, way["kind"], notes
    return None


def _is(sender: str, target: str | None) -> bool:
    return target is None or sender == target or sender.partition("/")[0] == target


def arrows(notes: Sequence[Sequence[Any]], sender: str) -> list[Arrow]:
    """The notes of one way as arrows; the first has time 0."""
    made: list[Arrow] = []
    begin = notes[0][0] if notes else 0
    own = next((pid for _, _, station, pid, _ in notes if station == "c2s"), "")
    places: dict[str, tuple[str, int]] = {"": (f"client {sender}", begin)}
    for at, node, station, pid, text in notes:
        branch = pid if station in _FAR else ""
        source, before = places.get(branch) or places[""]
        target = f"client {sender}" if station == "client" and pid == own else _place(station, node, pid)
        made.append(Arrow(source, target, text, round((at - before) / 1000, 1), round((at - begin) / 1000, 1)))
        places[branch] = (target, at)
    return made


def _place(station: str, node: str, pid: str) -> str:
    match station:
        case "receiver" | "c2s" | "transport":
            return f"{station} {pid or node}"
        case "mailbox" | "recipient":
            return f"c2s {pid}"
        case "client":
            return f"client of {pid}"
        case "link":
            return f"link {node} to {pid.strip('<>').partition('.')[0]}"
    return f"{station} {node}"
