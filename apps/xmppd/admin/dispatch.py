"""dispatch — carries out a command where it belongs: in the parent, or on one of the workers.

OTP:      cf. ejabberd_commands:execute_command and rpc
Way:      node.control → [dispatch] → admin.registry, or rpc → admin.worker_commands
Process:  runs in the process of the control connection
"""

from __future__ import annotations

from typing import Any, Final

from otp.kernel import keeper, node, rpc
from xmppd.admin import evaluate, registry
from xmppd.commands import EXIT_TRY_AGAIN, EXIT_USAGE, Answer, CommandError
from xmppd.node.parent_state import state

#: what workers export
WORKER: Final = "xmppd.admin.worker_commands"
#: seconds a worker may take over a command; the caller may wait for less
LONGEST: Final = 600.0
#: seconds a worker has to tell which commands it has
PATIENCE: Final = 5.0


async def execute(name: str, params: dict[str, Any]) -> Answer:
    """Carry out a command. Raises CommandError."""
    match name:
        case "shell":
            return Answer(await _shell(*(str(params.get(name, "")) for name in ("node", "session", "source"))))
        case "shell interrupt":
            await _interrupt(*(str(params.get(name, "")) for name in ("node", "session")))
            return Answer()
        case "commands":
            return Answer(await catalog())
    command = registry.by_name(registry.of_parent()).get(name)
    if command is not None:
        return await registry.call(command, registry.checked(command, params))
    return await _on_a_worker(name, params)


async def catalog() -> list[dict[str, Any]]:
    """Every command that this server has now, as data. Raises CommandError if no worker is there to tell its own."""
    found: list[dict[str, Any]] = [command.plain() for command in registry.of_parent()]
    found += await remote(workers()[0], f"{WORKER}:catalog", timeout=PATIENCE)
    return found


def workers() -> list[str]:
    """The names of the workers that are connected, in their order. Raises CommandError if there is none."""
    there = node.nodes()
    found = [name for name in state().workers if name in there]
    if not found:
        raise CommandError("no worker is up at the moment; try again", EXIT_TRY_AGAIN)
    return found


class Starting(CommandError):
    """The worker is connected and does not serve yet."""

    def __init__(self, worker: str) -> None:
        super().__init__(f"{worker} is still starting; try again", EXIT_TRY_AGAIN)


async def _on_a_worker(name: str, params: dict[str, Any]) -> Answer:
    """Run a command on the first worker that serves."""
    *others, last = workers()
    for worker in others:
        try:
            return await _on(worker, name, params)
        except Starting:
            continue
    return await _on(last, name, params)


async def _on(worker: str, name: str, params: dict[str, Any]) -> Answer:
    answer = await _asked(worker, f"{WORKER}:run", name, params, timeout=LONGEST)
    return Answer(answer["ok"], answer.get("text"))


async def remote(worker: str, fn: str, *args: Any, timeout: float) -> Any:
    """Call an exported function that answers {"ok": result} or {"error", "status"}. Raises CommandError."""
    return (await _asked(worker, fn, *args, timeout=timeout))["ok"]


async def _asked(worker: str, fn: str, *args: Any, timeout: float) -> dict[str, Any]:
    kept = keeper.STATES.get(worker)
    if kept is not None and kept.status == "starting":
        raise Starting(worker)
    try:
        answer: dict[str, Any] = await rpc.call(worker, fn, *args, timeout=timeout)
    except rpc.NotExported:
        raise Starting(worker) from None
    except rpc.RemoteError as error:
        raise CommandError(f"{error.crash}") from None
    except rpc.RpcError as error:
        raise CommandError(f"{worker} gave no answer: {error.why}", EXIT_TRY_AGAIN) from None
    if "error" in answer:
        raise CommandError(answer["error"], answer["status"])
    return answer


async def _shell(name: str, session: str, source: str) -> dict[str, Any]:
    """Evaluate on the node of that name, "" for the first worker; with "node", which one it was."""
    name = name or workers()[0]
    if name == node.this():
        return {**await evaluate.evaluate(session, source), "node": name}
    _known(name)
    return {**await remote(name, f"{WORKER}:shell", session, source, timeout=3600.0), "node": name}


async def _interrupt(name: str, session: str) -> None:
    if name == node.this():
        evaluate.interrupt(session)
        return
    _known(name)
    await remote(name, f"{WORKER}:interrupt", session, timeout=5.0)


def _known(name: str) -> None:
    if name not in workers():
        raise CommandError(f"there is no node {name}; there are {node.this()}, {', '.join(workers())}", EXIT_USAGE)
