"""shell — a Python prompt on the live node, over the control socket.

OTP:      cf. the remote shell of erl -remsh, `ejabberdctl debug`
Way:      [shell] → ctl.client → ctl.server → ctl.evaluate on the chosen worker
"""

from __future__ import annotations

import codeop
import contextlib
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from xmppd.ctl.client import Connection
from xmppd.ctl.commands import CommandError
from xmppd.ctl.home import Home

HELP = """\
Python on the live node; names are kept between lines, and await works. Ready to use: process, supervisor,
gen_server, introspect, application, sm, router, store, auth, hooks.
  :node w2     go to another worker (main: the parent)      :nodes   which there are
  :help        this                                         Ctrl-D   leave; the server goes on
"""
_COMPILER = codeop.CommandCompiler()
_COMPILER.compiler.flags |= 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Shell:
    """One session: which node it is at, and under which name the node keeps its variables."""

    def __init__(self, home: Home, node: str) -> None:
        self.connection = Connection(home, timeout=3600.0)
        self.session = uuid.uuid4().hex
        self.node = node

    def run(self, source: str) -> str:
        """Give what a piece of source printed on the node. Raises CommandError."""
        params = {"node": self.node, "session": self.session, "source": source}
        result: dict[str, Any] = self.connection.ask("shell", params)
        return str(result["output"])

    def command(self, line: str) -> str:
        """Give the answer to a line that begins with a colon."""
        word, _, rest = line[1:].partition(" ")
        if word == "node" and rest.strip():
            self.node = rest.strip()
            return self.run("None")
        if word == "nodes":
            status = self.connection.ask("status", {})
            return " ".join(["main", *(worker["name"] for worker in status["workers"])]) + "\n"
        return HELP


def complete(source: str) -> bool:
    """Tell whether the source is whole (or wrong, which the node will say); False: more lines are to come."""
    try:
        return _COMPILER(source, "<shell>", "single") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True


def interact(home: Home, node: str = "w1") -> int:
    """Read, run and print until the end of input. Gives the exit code."""
    shell = Shell(home, node)
    terminal = sys.stdin.isatty()
    if terminal:
        _history(home.path / "shell_history")
        print(f"xmppd shell at {node}; :help says more")
    while True:
        try:
            source = _read(shell.node, terminal)
        except EOFError:
            return 0
        except KeyboardInterrupt:
            print()
            continue
        try:
            if source.strip():
                print(shell.command(source) if source.startswith(":") else shell.run(source), end="")
        except CommandError as error:
            print(error, file=sys.stderr)
            if not terminal:
                return error.status


def _read(node: str, terminal: bool) -> str:
    source = input(f"{node}>>> " if terminal else "")
    while not source.startswith(":") and not complete(source):
        try:
            source += "\n" + input("... " if terminal else "")
        except EOFError:
            return source + "\n"
    return source


def _history(file: Path) -> None:
    """Keep what was typed, where there is a line editor."""
    with contextlib.suppress(ImportError, OSError):
        import atexit
        import readline

        if file.exists():
            readline.read_history_file(file)
        atexit.register(readline.write_history_file, file)
        os.umask(0o077)
