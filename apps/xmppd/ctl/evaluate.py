"""evaluate — runs what is typed at the shell, on the node it is meant for.

OTP:      cf. shell's evaluator process
Way:      ctl.shell → ctl.server → rpc → [evaluate]
Process:  runs in the process that serves the request: `self_()` is that one; a session's names are kept here
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import traceback
from collections import OrderedDict
from types import CodeType
from typing import Any, Final

#: names that are ready to use, with the module each stands for
PRELUDE: Final = {
    "process": "otp.erts.process",
    "supervisor": "otp.stdlib.supervisor",
    "gen_server": "otp.stdlib.gen_server",
    "introspect": "otp.stdlib.introspect",
    "application": "otp.kernel.application",
    "hooks": "xmppd.routing.hooks",
    "router": "xmppd.routing.router",
    "sm": "xmppd.routing.sm",
    "store": "xmppd.store.store",
    "auth": "xmppd.auth.auth",
}
MOST_SESSIONS: Final = 8

_sessions: OrderedDict[str, dict[str, Any]] = OrderedDict()


def namespace(session: str) -> dict[str, Any]:
    """Give the names of a session; the oldest sessions are forgotten."""
    if session not in _sessions:
        while len(_sessions) >= MOST_SESSIONS:
            _sessions.popitem(last=False)
        names: dict[str, Any] = {"__name__": "shell", "__builtins__": __builtins__}
        for name, module in PRELUDE.items():
            with contextlib.suppress(ImportError):
                names[name] = importlib.import_module(module)
        _sessions[session] = names
    return _sessions[session]


async def evaluate(session: str, source: str) -> dict[str, str]:
    """Run source in a session and give {"output": what it printed, the value last, or the traceback}."""
    names = namespace(session)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            for code, shows in _compile(source):
                value = eval(code, names)
                if inspect.iscoroutine(value):
                    value = await value
                if shows and value is not None:
                    names["_"] = value
                    print(repr(value))
        except SyntaxError as error:
            out.write("".join(traceback.format_exception_only(error)))
        except Exception as error:
            out.write("".join(traceback.format_exception(error, limit=-8)))
    return {"output": out.getvalue()}


def _compile(source: str) -> list[tuple[CodeType, bool]]:
    """Give the statements as one code, and a closing expression as one whose value is shown."""
    body = ast.parse(source, "<shell>").body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    codes = []
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if body:
        codes.append((compile(ast.Module(body, []), "<shell>", "exec", flags), False))
    if isinstance(last, ast.Expr):
        codes.append((compile(ast.Expression(last.value), "<shell>", "eval", flags), True))
    return codes
