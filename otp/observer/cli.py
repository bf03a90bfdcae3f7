"""cli — `python -m otp.observer SOCKET`: the observer of a running program, in the terminal or as text.

OTP:      observer:start(), etop, dbg on a command line; observer's connection to another node
Way:      a person → [cli] → ui, or client → server of the program → text

    python -m otp.observer shop.sock                      all tabs, in the terminal (needs Textual)
    python -m otp.observer shop.sock tree --svg           the supervision tree, as text or as a picture
    python -m otp.observer shop.sock top --by mailbox     the busiest
    python -m otp.observer shop.sock process counter      all of one process
    python -m otp.observer shop.sock trace counter        its messages, until Ctrl-C or the limits
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from otp.observer import client, pictures, text
from otp.observer.errors import NobodyListens, ObserverError
from otp.observer.source import Source
from otp.observer.top import ORDERS

EXIT_FAILED: Final = 1
EXIT_NOT_RUNNING: Final = 3
#: seconds between two readings of a trace
_READ: Final = 0.2
_PICTURES: Final = {"mermaid": pictures.mermaid, "dot": pictures.dot, "svg": pictures.svg, "text": text.tree}


def main(args: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code: 0, 1 what went wrong is told, 2 usage, 3 not running."""
    given = _parser().parse_args(args)
    path: Path = given.socket

    def ask(command: str, params: dict[str, Any]) -> Any:
        return client.ask(path, command, params)

    source = Source(ask, str(path))
    try:
        source.ask("observe", what="system")
        {"ui": _ui, "tree": _tree, "top": _top, "process": _process, "trace": _trace}[given.verb](source, given)
    except KeyboardInterrupt:
        return 0
    except ObserverError as error:
        print(error, file=sys.stderr)
        return EXIT_NOT_RUNNING if isinstance(error, NobodyListens) else EXIT_FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m otp.observer", description="observe a running program of processes")
    parser.add_argument("socket", type=Path, help="where the program listens: otp.observer.server.start_link(PATH)")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    parser.set_defaults(verb="ui", every=1.0)
    ui = verbs.add_parser("ui", help="all tabs in the terminal (if no verb is given)")
    ui.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    tree = verbs.add_parser("tree", help="the supervision trees of all nodes")
    tree.add_argument("--under", metavar="WHO", help="only the tree of this supervisor, by name or pid")
    for form in ("mermaid", "dot", "svg"):
        tree.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="text")
    top = verbs.add_parser("top", help="the processes with most to do, measured over a second")
    top.add_argument("--by", choices=ORDERS, default="rate")
    top.add_argument("-n", "--limit", type=int, default=20)
    process = verbs.add_parser("process", help="all of one process, by name, pid or id")
    process.add_argument("who")
    trace = verbs.add_parser("trace", help="the messages of one process, by name, pid or id")
    trace.add_argument("who")
    trace.add_argument("--count", type=int, default=1000, help="events after which it ends")
    trace.add_argument("--seconds", type=float, default=60.0, help="time after which it ends")
    for verb in (tree, top, process, trace):
        verb.add_argument("--json", action="store_true", help="as JSON")
    return parser


def load_ui() -> Any:
    """The module of the terminal's observer. Raises: ObserverError if Textual is not installed."""
    try:
        return importlib.import_module("otp.observer.ui.app")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("textual", "rich"):
            raise
        raise ObserverError("the observer in the terminal needs Textual: pip install textual") from None


def _ui(source: Source, given: argparse.Namespace) -> None:
    load_ui().run(source, given.every)


def _tree(source: Source, given: argparse.Namespace) -> None:
    result = source.ask("tree", under=given.under)
    print(json.dumps(result) if given.json else _PICTURES[given.form](result))


def _top(source: Source, given: argparse.Namespace) -> None:
    result = source.ask("top", by=given.by, limit=given.limit)
    print(json.dumps(result) if given.json else text.top(result))


def _process(source: Source, given: argparse.Namespace) -> None:
    told = source.info(given.who)
    if told is None:
        raise ObserverError(f"there is no process {given.who}")
    print(json.dumps(told) if given.json else text.process(told))


def _trace(source: Source, given: argparse.Namespace) -> None:
    begun = source.ask("trace begin", target=given.who, count=given.count, seconds=given.seconds)
    place, left, over = {"key": begun["key"], "on": begun["nodes"]}, given.count, False
    try:
        while not over and left > 0:
            time.sleep(_READ)
            found = source.read(place)
            over = found["over"]
            for event in found["events"][:left]:
                print(json.dumps(event) if given.json else text.event(event), flush=True)
            left -= len(found["events"])
    finally:
        source.end(place)
