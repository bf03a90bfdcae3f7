"""commands — the observer's commands as commands of the server: its errors are ours, and production is refused.

OTP:      none
Way:      node.control → admin.dispatch → [commands] → otp.observer.commands
Process:  runs in the process of the control connection, in the parent
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from otp.observer import commands
from otp.observer.errors import BadRequest, ObserverError, Refused
from xmppd.commands import EXIT_FAILED, EXIT_PERMISSION, EXIT_USAGE, CommandError
from xmppd.inspect.words import PRODUCTION
from xmppd.node.parent_state import state

P = ParamSpec("P")


def _status(error: ObserverError) -> int:
    match error:
        case BadRequest():
            return EXIT_USAGE
        case Refused():
            return EXIT_PERMISSION
    return EXIT_FAILED


def _ours(fn: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[Any]]:
    """The same, raising CommandError."""

    @functools.wraps(fn)
    async def command(*args: P.args, **params: P.kwargs) -> Any:
        try:
            return await fn(*args, **params)
        except ObserverError as error:
            raise CommandError(str(error), _status(error)) from None

    return command


observe = _ours(commands.observe)
tree = _ours(commands.tree)
top = _ours(commands.top)
trace_begin = _ours(commands.trace_begin)
trace_read = _ours(commands.trace_read)
trace_end = _ours(commands.trace_end)


@_ours
async def crash(target: str, how: str, seconds: float, count: int, node: str | None) -> dict[str, Any]:
    """Break a process, on a development server. Raises CommandError."""
    if state().config.node.profile != "development":
        raise Refused(f"refused: {PRODUCTION}")
    return await commands.crash(target, how, seconds, count, node)
