"""nodes — asks several nodes the same thing at the same time.

OTP:      erpc:multicall
Way:      commands → [nodes] → rpc → backend, crash, tracing on each node
Process:  runs in the caller's process, with one process for each node asked
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from typing import Any

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import HERE, Pid, Ref
from otp.kernel import application, node, rpc
from otp.observer.errors import BadRequest


def names(only: str | None = None) -> list[str]:
    """This node, then the others of its mesh, those that are down too; or the one that is meant.

    Raises: BadRequest for a node that is none of them.
    """
    known = list(dict.fromkeys([HERE.node, *application.get_env("kernel", "nodes", ()), *node.nodes()]))
    if only is None:
        return known
    if only not in known:
        raise BadRequest(f"there is no node {only}; there are {', '.join(known)}")
    return [only]


async def each(fn: str, *args: Any, only: Sequence[str] | None = None, timeout: float = 5.0) -> dict[str, Any]:
    """What the exported function answers on each node (None: it is down or did not answer), in the order of names().

    Seconds. Its module must be loaded on the other nodes.
    """
    asked = list(only) if only is not None else names()
    ref, me = process.make_ref(), process.self_()
    for name in asked:
        process.spawn(_ask, ref, me, name, fn, args, timeout)
    answers: dict[str, Any] = dict.fromkeys(asked)
    try:
        for _ in asked:
            _, name, answer = await process.receive(lambda m: isinstance(m, tuple) and m[0] is ref, timeout + 1.0)
            answers[name] = answer
    except ReceiveTimeout:
        pass  # who has not answered by now is not there
    return answers


async def _ask(ref: Ref, to: Pid, name: str, fn: str, args: tuple[Any, ...], timeout: float) -> None:
    process.send(to, (ref, name, await one(name, fn, *args, timeout=timeout)))


async def one(name: str, fn: str, *args: Any, timeout: float = 5.0) -> Any:
    """What it answers on one node; None if that is down or does not answer."""
    if name == HERE.node:
        module, _, function = fn.partition(":")
        answer = getattr(importlib.import_module(module), function)(*args)
        return await answer if inspect.isawaitable(answer) else answer
    if name not in node.nodes():
        return None
    try:
        return await rpc.call(name, fn, *args, timeout=timeout)
    except rpc.RpcError:
        return None
