"""shell — a Python prompt on the live node, over the control socket.

OTP:      cf. the remote shell of erl -remsh, `ejabberdctl debug`
Way:      [shell] → cli.client → node.control → admin.evaluate on the chosen worker
"""

from __future__ import annotations

import codeop
import contextlib
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import click

from xmppd.cli.client import ControlConnection
from xmppd.cli.options import common, options
from xmppd.commands import CommandError
from xmppd.node.home import Home

HELP = """\
Python on the live node; names are kept between lines, and await works; help() says which are ready to use.
  :node NODE   go to another worker, or to the parent       :nodes   which there are
  :help        this                                         exit(), Ctrl-D   leave; the server goes on
  Ctrl-C       stop what is being waited for
"""
_COMPILER = codeop.CommandCompiler()
_COMPILER.compiler.flags |= 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Shell:
    """One session: which node it is at, and under which name the node keeps its variables."""

    def __init__(self, home: Home, node: str) -> None:
        self.home = home
        self.connection = ControlConnection(home, timeout=3600.0)
        self.session = uuid.uuid4().hex
        self.node = node
        #: the status that typed code ended the prompt with
        self.ended: int | None = None

    def run(self, source: str) -> str:
        """Return what a piece of source printed on the node. Raises CommandError."""
        params = {"node": self.node, "session": self.session, "source": source}
        result: dict[str, Any] = self.connection.ask("shell", params)
        self.ended = result.get("exit")
        self.node = result["node"]
        return str(result["output"])

    def interrupt(self) -> None:
        """End what runs on the node for us: it is waited for no longer. Raises CommandError."""
        self.connection.close()
        self.connection = ControlConnection(self.home, timeout=3600.0)
        self.connection.ask("shell interrupt", {"node": self.node, "session": self.session})

    def go_to(self, node: str) -> None:
        """Be at another node from now on. Raises CommandError if there is none of that name."""
        before, self.node = self.node, node
        try:
            self.run("None")
        except CommandError:
            self.node = before
            raise

    def command(self, line: str) -> str:
        """Return the answer to a line that begins with a colon."""
        word, _, rest = line[1:].partition(" ")
        if word == "node" and rest.strip():
            self.go_to(rest.strip())
            return ""
        if word == "nodes":
            status = self.connection.ask("status", {})
            return " ".join([status["node"], *(worker["name"] for worker in status["workers"])]) + "\n"
        return HELP


def complete(source: str) -> bool:
    """Tell whether the source is whole (or wrong, which the node will say); False: more lines are to come."""
    try:
        return _COMPILER(source, "<shell>", "single") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True


def interact(home: Home, node: str = "") -> int:
    """Read, run and print until the end of input, or of the code that was typed; the exit code. `node` "": any worker.

    Raises CommandError if there is no such node.
    """
    shell = Shell(home, node)
    shell.go_to(node)
    terminal = sys.stdin.isatty()
    if terminal:
        _history(home.path / "shell_history")
        print(f"xmppd shell at {shell.node}; :help says more")
    while shell.ended is None:
        try:
            source = _read(shell.node, terminal)
        except EOFError:
            return 0
        except KeyboardInterrupt:
            print()
            continue
        try:
            _answer(shell, source)
        except CommandError as error:
            print(error, file=sys.stderr)
            if not terminal:
                return error.status
    return shell.ended


@click.command(name="shell", help="a Python prompt on the live server")
@click.option("--node", default="", metavar="NODE", help="where: a worker (the first if not given), or the parent")
@common
def open_shell(node: str) -> None:
    """Talk to the live node until the end of input."""
    sys.exit(interact(options().where(), node))


def _answer(shell: Shell, source: str) -> None:
    """Do what was typed. Raises CommandError."""
    if not source.strip():
        return
    try:
        print(shell.command(source) if source.startswith(":") else shell.run(source), end="", flush=True)
    except KeyboardInterrupt:
        shell.interrupt()
        print("stopped")


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
