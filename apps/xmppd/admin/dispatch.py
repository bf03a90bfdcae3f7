"""dispatch — carries out a command where it belongs: in the parent, on one worker, or on all of them.

OTP:      cf. ejabberd_commands:execute_command and rpc
Way:      node.control → [dispatch] → admin.parent_commands, or rpc → admin.worker_commands
Process:  runs in the process of the control connection
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from otp.kernel import node, rpc
from xmppd.admin import evaluate
from xmppd.commands import EXIT_TRY_AGAIN, EXIT_USAGE, Command, CommandError, check_params, registry
from xmppd.config.kinds import suggest


async def execute(name: str, params: dict[str, Any]) -> Any:
    """Give the result of a command. Raises CommandError."""
    if name == "shell":
        return await _shell(*(str(params.get(name, "")) for name in ("node", "session", "source")))
    if name == "shell interrupt":
        return await _interrupt(*(str(params.get(name, "")) for name in ("node", "session")))
    command = registry().get(name)
    if command is None:
        raise CommandError(f"there is no command {name!r}{suggest(name, list(registry()))}", EXIT_USAGE)
    checked = check_params(command, params)
    match command.where:
        case "main":
            return await call(command.fn, checked)
        case "any":
            return await on_any(command, checked)
        case "all":
            return {worker: await on_worker(command, checked, worker) for worker in workers()}


async def call(reference: str, params: dict[str, Any]) -> Any:
    """Call the function that a command names, in this process."""
    module, _, name = reference.partition(":")
    result = getattr(importlib.import_module(module), name)(**params)
    return await result if inspect.isawaitable(result) else result


def workers() -> list[str]:
    """Give the names of the workers that are connected. Raises CommandError if there is none."""
    found = sorted((name for name in node.nodes() if name.startswith("w")), key=lambda name: (len(name), name))
    if not found:
        raise CommandError("no worker is up at the moment; try again", EXIT_TRY_AGAIN)
    return found


class Starting(CommandError):
    """The worker is connected and does not serve yet."""

    def __init__(self, worker: str) -> None:
        super().__init__(f"{worker} is still starting; try again", EXIT_TRY_AGAIN)


async def on_any(command: Command, params: dict[str, Any]) -> Any:
    """Have the first worker that serves carry out a command. Raises CommandError."""
    *others, last = workers()
    for worker in others:
        try:
            return await on_worker(command, params, worker)
        except Starting:
            continue
    return await on_worker(command, params, last)


async def on_worker(command: Command, params: dict[str, Any], worker: str) -> Any:
    """Have a worker carry out a command. Raises CommandError, also for what went wrong on the way."""
    return await remote(worker, "xmppd.admin.worker_commands:run", command.key, params, timeout=command.timeout)


async def remote(worker: str, fn: str, *args: Any, timeout: float) -> Any:
    """Call an exported function that answers as `here.run` does. Raises CommandError."""
    try:
        answer = await rpc.call(worker, fn, *args, timeout=timeout)
    except rpc.NotExported:
        raise Starting(worker) from None
    except rpc.RemoteError as error:
        raise CommandError(f"{error.crash}") from None
    except rpc.RpcError as error:
        raise CommandError(f"{worker} gave no answer: {error.why}", EXIT_TRY_AGAIN) from None
    if "error" in answer:
        raise CommandError(answer["error"], answer["status"])
    return answer["ok"]


async def _shell(node: str, session: str, source: str) -> Any:
    if node == "main":
        return await evaluate.evaluate(session, source)
    _known(node)
    return await remote(node, "xmppd.admin.worker_commands:shell", session, source, timeout=3600.0)


async def _interrupt(node: str, session: str) -> None:
    if node == "main":
        evaluate.interrupt(session)
        return
    _known(node)
    await remote(node, "xmppd.admin.worker_commands:interrupt", session, timeout=5.0)


def _known(node: str) -> None:
    if node not in workers():
        raise CommandError(f"there is no node {node}; there are main, {', '.join(workers())}", EXIT_USAGE)
