"""parent_commands — the commands that the parent carries out: ping, status, reload, upgrade, stop.

OTP:      cf. init:stop, ejabberd_admin:status and reload_config
Way:      admin.dispatch → [parent_commands], asking the workers by rpc (admin.worker_commands)
"""

from __future__ import annotations

import dataclasses
import os
import signal
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from otp.erts import process
from otp.kernel import keeper, logger, node, rpc
from otp.kernel.keeper import Kept
from xmppd.admin import dispatch
from xmppd.admin.dispatch import WORKER
from xmppd.commands import EXIT_CONFIG, EXIT_FAILED, Arg, CommandError, command
from xmppd.config import describe
from xmppd.config.problems import ConfigError
from xmppd.node import in_force, preflight
from xmppd.node.parent_state import Parent, state

#: seconds a worker has to give a sign of life
PATIENCE = 3.0
#: the name of the process that waits for the end
_ENDING = "ending"


@command("ping", "ask every worker for a sign of life", where="parent")
async def ping() -> dict[str, Any]:
    """Ask every worker. Raises CommandError if one is silent."""
    answers = {worker: await _vital(worker) for worker in state().workers}
    silent = [worker for worker, answer in answers.items() if answer is None]
    if silent:
        raise CommandError(f"no answer from {', '.join(silent)}", EXIT_FAILED)
    return {"text": "pong", "workers": list(answers)}


@command("status", "what runs, where it listens, who is connected", where="parent")
async def status() -> dict[str, Any]:
    """Return what runs, where it listens, what people did since the workers began, and each worker's vital signs, with
    why it is not ready (monitor.health), by part; {} if it is."""
    here = state()
    rows = []
    deeds: Counter[str] = Counter()
    for worker in here.workers:
        vital = await _vital(worker)
        deeds.update(vital.pop("deeds", {}) if vital else {})
        rows.append(_row(worker, vital) | {"not_ready": await _not_ready(worker) if vital else {}})
    told = {"sessions": await _sessions(), "deeds": dict(deeds), "alarms": _alarms(rows)}
    return {"node": node.this(), **here.describe(), **told, "workers": _filled(rows)}


def _row(worker: str, vital: dict[str, Any] | None) -> dict[str, Any]:
    """Return a worker's row: up, silent (no sign of life), pausing (it ends so often that it is started again later),
    down."""
    kept = keeper.STATES.get(worker, Kept())
    pause = round(kept.again_at - process.monotonic_time(), 1) if kept.again_at else 0.0
    state = "up" if vital else "silent" if node.is_silent(worker) else "pausing" if pause > 0 else "down"
    ends = {"ends": kept.ends, "last_end": kept.last or None, "again_in": pause if pause > 0 else None}
    return {"name": worker, "state": state, **(vital or {}), **ends}


def _alarms(rows: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each worker that somebody should look at."""
    alarms = []
    for row in rows:
        if row["state"] == "silent":
            alarms.append(f"{row['name']} gives no sign of life")
        elif row["state"] == "pausing":
            again = f"the next start is in {row['again_in']:g} s"
            alarms.append(f"{row['name']} does not stay up: it has ended {row['ends']} times; {again}")
        alarms += [f"{row['name']} is not ready: {why}" for why in row["not_ready"].values()]
    return alarms


@command("reload", "read configuration and certificates again", where="parent", aliases=("reload_config",))
async def reload() -> dict[str, Any]:
    """Read the configuration again and hand it to the workers. Raises CommandError(78); then nothing has changed."""
    with state().systemd.reloading():
        return await _reload(state())


async def _reload(here: Parent) -> dict[str, Any]:
    try:
        config = here.reread()
    except ConfigError as error:
        raise CommandError(f"{error}\nnothing was changed", EXIT_CONFIG) from None
    found = preflight.certificates(config)
    if wrong := [str(one) for one in found if one.status]:
        raise CommandError("\n".join([*wrong, "nothing was changed"]), EXIT_CONFIG)
    logger.reopen()
    later = in_force.needs_restart(here.config, config)
    done = [_later(name, here.config.hosts, config.hosts) for name in later]
    done += [f"warning: {one}" for one in found]
    before = (list(here.reloaded), dict(here.certificates))
    here.take_over(config)  # first: a worker that starts meanwhile is told of it
    packed = in_force.pack(here.in_force)
    try:
        for worker in dispatch.workers():
            answer = await dispatch.remote(worker, f"{WORKER}:reload", packed, here.certificates, timeout=60.0)
            done += [f"{worker}: {line}" for line in answer]
    except CommandError:
        here.reloaded[:] = before[0]
        here.certificates.clear()
        here.certificates.update(before[1])
        raise
    return {"reloaded": True, "text": "\n".join(["reloaded", *done]), "done": done}


def _later(name: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return what is left for a restart in words; of the hosts, which come and which go."""
    if name != "hosts":
        return f"{name} needs a restart to change"
    come, go = [host for host in after if host not in before], [host for host in before if host not in after]
    parts = [f"{', '.join(come)} will be served"] if come else []
    parts += [f"{', '.join(go)} will not be served"] if go else []
    return f"hosts needs a restart to change: {' and '.join(parts) or 'the first will be another'} after it, not before"


@command("upgrade", "load a module's file anew on every worker; connections stay", where="parent", timeout=180.0)
async def upgrade(module: Annotated[str, Arg("mod_ping, xmppd.stream.c2s …")]) -> dict[str, Any]:
    """Reload a module on every worker, one after the other. Raises CommandError; where it says so, after some."""
    done: list[dict[str, Any]] = []
    for worker in dispatch.workers():
        try:
            answer = await dispatch.remote(worker, "xmppd.admin.upgrade:upgrade", module, timeout=60.0)
        except CommandError as error:
            others = ", ".join(row["node"] for row in done)
            rest = f"; upgraded already: {others}" if done else ""
            raise CommandError(f"{worker}: {error}{rest}", error.status) from None
        done.append({"node": worker, **answer})
    if (forker := state().forker) is not None:
        forker.close()  # it has the old code; a worker that is started again reads the file
    first = done[0]
    kept, were = (sum(row[key] for row in done) for key in ("kept", "sessions"))
    processes = sum(row["processes"] for row in done)
    return {
        "module": first["module"], "file": first["file"], "processes": processes, "sessions": were, "kept": kept,
        "workers": done, "text": _text(first, done, processes, kept, were),
    }  # fmt: skip


def _text(first: dict[str, Any], done: list[dict[str, Any]], processes: int, kept: int, were: int) -> str:
    nodes = ", ".join(row["node"] for row in done)
    lines = [f"upgraded {first['module']} on {nodes} from {first['file']}"]
    lines.append(f"{_count(processes, 'process', 'processes')} changed, {kept} of {_count(were, 'session')} kept")
    for row in done:
        lines += [f"{row['node']}: {line}" for line in row["done"]]
    return "\n".join(lines)


def _count(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or word + 's'}"


@command("config show", "the configuration in force", where="parent", by_hand=True)
def configuration() -> dict[str, Any]:
    """Return the configuration in force: {"rows": each key with value and origin, "file": the file it came from}."""
    here = state()
    config = here.in_force
    file = str(config.paths.config) if config.paths.config else None
    return {"rows": [dataclasses.asdict(row) for row in describe.rows(config)], "file": file}


@command("stop", "drain and stop the server", where="parent", by_hand=True)
def stop() -> dict[str, Any]:
    """Begin the orderly end: the same as SIGTERM. The answer leaves before it begins."""
    process.spawn(_end_soon)
    return {"stopping": True, "drain_seconds": state().config.limits.drain_seconds}


async def _end_soon(delay: float = 0.0) -> None:
    await process.sleep(max(delay, 0.05))
    os.kill(os.getpid(), signal.SIGTERM)


@rpc.exported
def may_end(again: bool) -> dict[str, Any]:
    """For a worker: {"ok": True} if the server may end now, or, `again`, be started anew; else {"error", "status"}: the
    configuration of now is wrong, or the end is under way."""
    if process.whereis(_ENDING) is not None:
        return {"error": "that is under way already", "status": EXIT_FAILED}
    try:
        wrong = [str(one) for one in preflight.certificates(state().reread()) if one.status] if again else []
    except ConfigError as error:
        wrong = [str(error)]
    return {"error": "\n".join([*wrong, "nothing was done"]), "status": EXIT_CONFIG} if wrong else {"ok": True}


@rpc.exported
def end_after(again: bool, delay: float) -> dict[str, Any]:
    """For a worker: begin the orderly end in so many seconds; `again`: and then start with the same options. As
    may_end."""
    answer = may_end(again)
    if "ok" in answer:
        if again:
            state().again.append(True)
        process.spawn(_end_soon, delay, name=_ENDING)
    return answer


async def _vital(worker: str) -> dict[str, Any] | None:
    kept = keeper.STATES.get(worker, Kept("serving"))
    if worker not in node.nodes() or kept.status != "serving":
        return None
    try:
        found: dict[str, Any] = await rpc.call(worker, f"{WORKER}:vital", timeout=PATIENCE)
    except rpc.RpcError:
        return None
    return found


async def _not_ready(worker: str) -> dict[str, str]:
    try:
        found: dict[str, str] = await dispatch.remote(worker, "xmppd.monitor.health:told", timeout=PATIENCE)
    except CommandError as error:
        return {"health": str(error)}
    return found


async def _first(function: str) -> Any:
    return await dispatch.remote(dispatch.workers()[0], f"{WORKER}:{function}", timeout=PATIENCE)


async def _sessions() -> int:
    try:
        found: int = await _first("sessions")
    except CommandError:
        return 0
    return found


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill every row up with all keys, so that a worker that is down has its place in the table."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [{key: row.get(key) for key in keys} for row in rows]
