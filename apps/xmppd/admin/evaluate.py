"""evaluate — runs what is typed at the shell, on the node it is meant for.

OTP:      cf. shell's evaluator process, and the BIFs that every Erlang shell knows
Way:      cli.shell → node.control → rpc → [evaluate] → admin.console
Process:  runs in the process that serves the request: `self_()` is that one; a session's names are kept here
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import pydoc
import traceback
from collections import OrderedDict
from types import CodeType
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.pid import Pid
from xmppd.admin import console
from xmppd.admin.console import SOURCE, Bounded, Console, Stopped

#: names that are ready to use, with the module each stands for
PRELUDE: Final = {
    "process": "otp.erts.process",
    "supervisor": "otp.stdlib.supervisor",
    "gen_server": "otp.stdlib.gen_server",
    "introspect": "otp.stdlib.introspect",
    "application": "otp.kernel.application",
    "hooks": "xmppd.routing.hooks",
    "router": "xmppd.routing.router",
    "sm": "xmppd.routing.sm.sm",
    "store": "xmppd.store.store",
    "auth": "xmppd.auth.auth",
}
MOST_SESSIONS: Final = 8
HELP: Final = f"""\
Python on the live node; names are kept between lines, and await works. Ready to use: the functions of process
(whereis, self_, send …), and {", ".join(PRELUDE)}.
help(thing) says what a thing is; exit(), quit() or Ctrl-D leave: the server goes on.
"""

_sessions: OrderedDict[str, dict[str, Any]] = OrderedDict()
#: who evaluates for a session now
_running: dict[str, Pid] = {}


class _Leave:
    """exit and quit: they end the prompt, not the node."""

    def __repr__(self) -> str:
        return "exit() or Ctrl-D leaves; the server goes on"

    def __call__(self, code: object = None) -> None:
        raise SystemExit(code)


class _Help:
    """help: never asks back, as nobody would answer."""

    def __repr__(self) -> str:
        return HELP.rstrip("\n")

    def __call__(self, *things: object) -> None:
        for thing in things:
            print(pydoc.plain(pydoc.render_doc(thing)))
        if not things:
            print(HELP, end="")


def namespace(session: str) -> dict[str, Any]:
    """Return the names of a session; the oldest sessions are forgotten."""
    if session not in _sessions:
        while len(_sessions) >= MOST_SESSIONS:
            _sessions.popitem(last=False)
        names: dict[str, Any] = {"__name__": "shell", "__builtins__": __builtins__, **_bifs()}
        for name, module in PRELUDE.items():
            with contextlib.suppress(ImportError):
                names[name] = importlib.import_module(module)
        _sessions[session] = names
    return _sessions[session]


async def evaluate(session: str, source: str) -> dict[str, Any]:
    """Run source in a session and give {"output": what it printed, the value last, or the traceback}; with "exit", a
    status, where the code asked for the end: the prompt's, not the node's. Nothing that it raises goes any further.
    """
    typed = Console()
    answer: dict[str, Any] = {}
    error = ""
    _running[session] = process.self_()
    try:
        await _run(typed, source, namespace(session))
    except SystemExit as end:
        answer["exit"] = end.code if isinstance(end.code, int) else int(end.code is not None)
        error = f"{end.code}\n" if isinstance(end.code, str) else ""
    except Stopped as stop:
        error = f"{stop}\n"
    except SyntaxError as wrong:
        error = "".join(traceback.format_exception_only(wrong))
    except BaseException as raised:
        if exits.passes(raised):
            raise
        error = "".join(traceback.format_exception(raised, limit=-8))
    finally:
        _running.pop(session, None)
    return {"output": typed.text + error, **answer}


def interrupt(session: str) -> None:
    """End what is evaluated for a session now, if anything is."""
    if (pid := _running.get(session)) is not None:
        process.exit_(pid, "interrupted")


# -- internals


def _bifs() -> dict[str, Any]:
    """The public functions of otp.erts.process, as names of their own: whereis, self_, send …; exit, quit, help."""
    own = vars(process).items()
    found = {name: fn for name, fn in own if inspect.isfunction(fn) and not name.startswith("_")}
    return {**found, "exit": _Leave(), "quit": _Leave(), "help": _Help()}


async def _run(typed: Console, source: str, names: dict[str, Any]) -> None:
    for code, shows in _compile(source):
        with typed.bounds():
            value = eval(code, names)
        if inspect.iscoroutine(value):
            value = await Bounded(typed, value)
        if shows and value is not None:
            names["_"] = value
            with typed.bounds():
                console.show(value)


def _compile(source: str) -> list[tuple[CodeType, bool]]:
    """Compile the statements, and a closing expression apart, whose value is shown."""
    body = ast.parse(source, SOURCE).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    codes = []
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if body:
        codes.append((compile(ast.Module(body, []), SOURCE, "exec", flags), False))
    if isinstance(last, ast.Expr):
        codes.append((compile(ast.Expression(last.value), SOURCE, "eval", flags), True))
    return codes
