"""worker_commands — the worker's end of commands: what the parent may call on this node.

OTP:      rpc; application:config_change (reload)
Way:      admin.dispatch, node.parent, parent_app → rpc → [worker_commands] → the functions of commands; net.tls_server,
          gen_mod_sup (reload). mod_adhoc → commands.of_node() → [worker_commands]
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from typing import Any, Final

from otp.erts import process
from otp.kernel import application, rpc
from otp.release import boot
from xmppd import audit, gen_mod, gen_mod_sup
from xmppd.admin import evaluate, registry, users
from xmppd.auth import auth
from xmppd.commands import EXIT_CONFIG, EXIT_USAGE, Answer, Caller, Command, CommandError
from xmppd.config.kinds import suggest
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, ModError
from xmppd.net import listener_sup, tls_server
from xmppd.node import in_force, log_setup
from xmppd.routing.sm import sm
from xmppd.store.backend import StoreError
from xmppd.stream import c2s_sup, service_sup

#: seconds that clients, and then components, have to leave a worker whose parent was killed
HURRY: Final = 0.5
#: seconds in which what clients have said before that is dealt with, also where other workers have it in hand
IN_HAND: Final = 0.1


@rpc.exported
async def run(name: str, params: dict[str, Any]) -> dict[str, Any]:
    """Carry out a command: {"ok": result, "text": it in words or None}, or {"error", "status"}."""
    try:
        answer = await carry_out(name, params)
    except CommandError as error:
        return {"error": str(error), "status": error.status}
    return {"ok": answer.value, "text": answer.text}


async def carry_out(name: str, params: Mapping[str, Any], caller: Caller | None = None) -> Answer:
    """Carry out a command, for an operator or for `caller`. Raises CommandError."""
    commands = registry.by_name(_commands())
    if name not in commands:
        raise CommandError(f"there is no command {name!r}{suggest(name, list(commands))}", EXIT_USAGE)
    return await registry.call(commands[name], _arguments(commands[name], params, caller))


def offered(caller: Caller | None = None) -> list[Command]:
    """The commands that `caller` may call, None for all: each once. An account calls those of its host's modules."""
    found = [one for name, one in registry.by_name(_commands()).items() if name == one.key]
    if caller is not None and caller.access == "account":
        there = users.configuration().modules_of(caller.jid.domain)
        found = [one for one in found if not one.module or one.module in there]
    return [one for one in found if registry.may_call(one, caller)]


@rpc.exported
def catalog() -> dict[str, Any]:
    """The commands of this node and of the modules that run on it, as data."""
    return {"ok": [command.plain() for command in _commands()]}


def _commands() -> list[Command]:
    config = users.configuration()
    names = dict.fromkeys(name for host in config.hosts for name in config.modules_of(host))
    return registry.of_worker({name: gen_mod.path_of(name) for name in names})


def _arguments(command: Command, given: Mapping[str, Any], caller: Caller | None) -> dict[str, Any]:
    """What the function of a command is called with. Raises CommandError."""
    params = registry.checked(command, given, caller)
    named = [param.name for param in command.params if param.kind == "account" and params[param.name] is not None]
    accounts = {name: users.account(params[name]) for name in named}
    if not command.per_host:
        return params | accounts
    host = next((jid.domain for jid in accounts.values()), None) or params.pop("host", None)
    return params | accounts | {"mod": _module(command.module, host)}


def _module(name: str, host: str | None) -> Mod:
    """The module on that host, None for the first that has it. Raises CommandError."""
    config = users.configuration()
    for one in config.hosts if host is None else [host]:
        if one in config.hosts and name in config.modules_of(one):
            return gen_mod_sup.mod_of(config, one, name)
    raise CommandError(f"{name} does not run on {host or 'any host'}", EXIT_USAGE)


@rpc.exported
async def shell(session: str, source: str) -> dict[str, Any]:
    """Evaluate what was typed at the shell."""
    return {"ok": await evaluate.evaluate(session, source)}


@rpc.exported
def interrupt(session: str) -> dict[str, Any]:
    """End what a session of the shell waits for."""
    evaluate.interrupt(session)
    return {"ok": None}


@rpc.exported
def vital() -> dict[str, Any]:
    """Return this worker's vital signs, and how often people did what since it began."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "pid": os.getpid(),
        "memory_mb": round(_resident() / 1e6, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "processes": len(process.processes()),
        "deeds": dict(audit.COUNTS),
    }


@rpc.exported
async def sessions() -> dict[str, Any]:
    """Return how many sessions there are, on all workers."""
    return {"ok": len(sm.all_sessions())}


@rpc.exported
async def notes() -> dict[str, Any]:
    """What the one who started the server should know of its store, in sentences; none if the store does not answer."""
    try:
        return {"ok": [*await _new_store(), *await _orphans()]}
    except StoreError:
        return {"ok": []}


@rpc.exported
async def quiesce() -> None:
    """The first step of `drain`, which all workers take before the second: nobody says anything new."""
    await c2s_sup.quiesce()
    if sm.sessions_here():
        await process.sleep(IN_HAND)


@rpc.exported
async def drain() -> None:
    """Close the listeners and let the clients leave, before this node is told to stop, or when its parent is gone."""
    config: Config = application.get_env("xmppd", "config")
    await listener_sup.close_listeners()
    seconds = config.limits.drain_seconds
    if boot.is_orphaned():
        seconds = min(seconds, HURRY)
        await quiesce()
    await c2s_sup.shut_down(c2s_sup.NAME, seconds)
    await c2s_sup.shut_down(service_sup.NAME, seconds)


@rpc.exported
async def reload(packed: bytes, certificates: Mapping[str, bytes]) -> dict[str, Any]:
    """Take over what may change in a running worker of the configuration that the parent has read (in_force.pack), with
    what is in the certificate files it names: {"ok": what was done} or {"error", "status"}.
    """
    old: Config = application.get_env("xmppd", "config")
    new, copies = in_force.pinned(in_force.unpack(packed), certificates)
    try:
        done = await gen_mod_sup.reload(old, new)
    except ModError as error:
        return {"error": str(error), "status": EXIT_CONFIG}
    before: list[int] = application.get_env("xmppd", "copies", [])
    application.set_env("xmppd", "config", new)
    application.set_env("xmppd", "copies", copies)
    log_setup.take_over(new.log)
    if process.whereis(tls_server.NAME) is not None:
        trouble = await tls_server.reload(new.certificate_of)
        if trouble:
            return {"error": f"certificates stay as they were: {trouble}", "status": EXIT_CONFIG}
        done.append("certificates read again")
    for fd in before:
        os.close(fd)
    return {"ok": done}


def _resident() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def _new_store() -> list[str]:
    """No account at all: a first start, or another store than before."""
    if await auth.hosts():
        return []
    config = users.configuration()
    note = f"the {config.store.backend} store has no account yet"
    if config.store.backend != "sqlite" and config.store_path.exists():
        note += f", and what is in {config.store_path} is not used"
    return [f"{note}: `user add NAME` makes one"]


async def _orphans() -> list[str]:
    """Accounts of hosts that are no longer served."""
    return [
        f"{count} account{'' if count == 1 else 's'} of {host}, which is not in hosts: "
        f"`user list {host}` names them, `user del` removes one"
        for host, count in (await users.orphans()).items()
    ]
