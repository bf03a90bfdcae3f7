"""inspect_verbs — the verbs that look at live processes: tree, top, trace, crash, observer.

OTP:      the command lines of observer, etop, dbg
Way:      cli.main → [inspect_verbs] → cli.client → node.control → inspect.commands, inspect.chart
"""

from __future__ import annotations

import importlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from otp.observer import cli, pictures, sequence, text
from otp.observer.errors import ObserverError
from otp.observer.sequence import Arrow
from otp.observer.source import Source
from xmppd.cli import client, render
from xmppd.cli.options import GlobalOptions, colours, common, options
from xmppd.commands import CommandError

#: seconds between two readings of a trace
_READ: Final = 0.2
_CLEAR: Final = "\033[H\033[2J"


def _ask(said: GlobalOptions, command: str, params: dict[str, Any], timeout: float = 30.0) -> Any:
    given = {name: value for name, value in params.items() if value is not None}
    return client.ask(said.where(), command, given, timeout)


@click.command(help="the live supervision tree: restarts, mailboxes, why a process ended last, restart intensity")
@click.option("--under", metavar="WHO", help="only the tree of this supervisor, by name or pid")
@click.option("--node", metavar="NODE", help="only this node: main, w1 …")
@click.option("--limit", default=20, help="children of each supervisor that are shown")
@click.option("--first", default=0, help="with --under: its children from this one on")
@click.option("--mermaid", "form", flag_value="mermaid", help="as a Mermaid flowchart")
@click.option("--dot", "form", flag_value="dot", help="as a Graphviz graph")
@click.option("--svg", "form", flag_value="svg", help="as a picture")
@common
def tree(under: str | None, node: str | None, limit: int, first: int, form: str | None) -> None:
    """Draw the trees of all nodes."""
    said = options()
    result = _ask(said, "tree", {"under": under, "node": node, "limit": limit, "first": first})
    forms: dict[str | None, Callable[[Any], str]]
    forms = {"mermaid": pictures.mermaid, "dot": pictures.dot, "svg": pictures.svg}
    said.out(result, forms.get(form, text.tree))


@click.command(help="the processes with most to do, live until Ctrl-C")
@click.option(
    "--by",
    default="rate",
    metavar="ORDER",
    help="mailbox, rate (messages per second), memory (own object, mailbox, tables), reductions",
)
@click.option("-n", "--limit", default=20, help="how many processes")
@click.option("--seconds", default=1.0, help="time that is measured, and between two pictures")
@click.option("--node", metavar="NODE", help="only this node: main, w1 …")
@click.option("--once", is_flag=True, help="one picture, for scripts (with --json)")
@common
def top(by: str, limit: int, seconds: float, node: str | None, once: bool) -> None:
    """Show the busiest again and again."""
    said = options()
    params = {"by": by, "limit": limit, "seconds": seconds, "node": node}
    live = not once and sys.stdout.isatty() and not said.json
    try:
        while True:
            result = _ask(said, "top", params, seconds + 15)
            if not live:
                said.out(result, text.top)
                return
            screen = shutil.get_terminal_size()
            click.echo(_CLEAR + text.top(result, screen.columns, screen.lines - 1))
    except KeyboardInterrupt:
        return


@click.command(
    help="the messages of one process (name or pid), of one JID, of all streams from an address (192.0.2.1) or at a "
    "port (:5222) from the first byte; with --chart, one stanza's way in time"
)
@click.argument("target", required=False)
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="only message, presence, iq, or a class of message"
)
@click.option("--direction", default="both", type=click.Choice(["in", "out", "both"]), help="what it gets, or sends")
@click.option("--count", default=1000, help="events after which it ends")
@click.option("--seconds", default=60.0, help="time after which it ends")
@click.option("--node", metavar="NODE", help="only this node: main, w1 …")
@click.option("--chart", is_flag=True, help="the way of the next stanza of TARGET (of anybody without one)")
@click.option("--mermaid", "mermaid_file", metavar="FILE", help="with --chart: write Mermaid there (- to print it)")
@click.option("--svg", "svg_file", metavar="FILE", help="with --chart: write a picture there")
@common
def trace(
    target: str | None, kinds: tuple[str, ...], direction: str, count: int, seconds: float, node: str | None,
    chart: bool, mermaid_file: str | None, svg_file: str | None,
) -> None:  # fmt: skip
    """Follow messages until the limits are reached, or Ctrl-C."""
    said = options()
    if chart or mermaid_file or svg_file:
        _chart(said, target, kinds, seconds, mermaid_file, svg_file)
        return
    if target is None:
        raise click.UsageError("whose messages? A name, a pid, a JID, an address or :port")
    params = {"target": target, "kinds": list(kinds), "direction": direction, "count": count, "seconds": seconds}
    begun = _ask(said, "trace begin", {**params, "node": node})
    if begun.get("note"):
        click.echo(begun["note"], err=True)
    place = {"key": begun["key"], "on": begun["nodes"]}
    try:
        for event in _events(said, place, count, time.monotonic() + seconds):
            said.out(event, lambda event: text.event(event, colours()))
    except KeyboardInterrupt:
        pass
    finally:
        _ask(said, "trace end", place)


def _events(said: GlobalOptions, place: dict[str, Any], count: int, until: float) -> Iterator[dict[str, Any]]:
    """The events of a trace as they come, no more than `count`."""
    over = False
    while not over:
        time.sleep(_READ)
        over = time.monotonic() > until
        found = _ask(said, "trace read", place)
        over = over or found["over"]
        if found["dropped"]:
            click.echo(f"({found['dropped']} events came too fast and were dropped)", err=True)
        for event in found["events"]:
            yield event
            count -= 1
            if count <= 0:
                return


def _chart(
    said: GlobalOptions, target: str | None, kinds: tuple[str, ...], seconds: float, mermaid_file: str | None,
    svg_file: str | None,
) -> None:  # fmt: skip
    params = {"target": target, "kind": kinds[0] if kinds else None, "seconds": seconds}
    result = _ask(said, "trace chart", params, seconds + 15)
    arrows = [Arrow(a["from"], a["to"], a["text"], a["us"], a["at_us"]) for a in result["arrows"]]
    title = f"a {result['kind']} of {result['sender']}: {result['us']:.0f} µs"
    if svg_file:
        _write(svg_file, sequence.svg(title, arrows))
    if mermaid_file == "-":
        click.echo(sequence.mermaid(title, arrows))
        return
    if mermaid_file:
        _write(mermaid_file, sequence.mermaid(title, arrows) + "\n")
    said.out(result, render.chart)


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None


@click.command(help="break a process on purpose, and show the tree around it afterwards (development profile only)")
@click.argument("target", metavar="WHO")
@click.argument("how", default="raise", metavar="[kill|raise|exit|hang|block|flood]")
@click.option("--seconds", default=10.0, help="how long hang and block last")
@click.option("--count", default=10_000, help="messages of a flood")
@click.option("--node", metavar="NODE", help="where, if several nodes have one of that name")
@common
def crash(target: str, how: str, seconds: float, count: int, node: str | None) -> None:
    """Have it killed, raise, exit, hang, block its loop, or be flooded."""
    said = options()
    params = {"target": target, "how": how, "seconds": seconds, "count": count, "node": node}
    said.out(_ask(said, "crash", params, seconds + 30), text.crash)


@click.command(help="the live server in the terminal: load, processes, tables, traces, sessions")
@click.option("--every", default=1.0, help="seconds between two pictures")
@common
def observer(every: float) -> None:
    """Open the observer; needs the extra `observer` (Textual)."""
    said = options()
    home = said.where()

    def ask(command: str, params: dict[str, Any]) -> Any:
        try:
            return client.ask(home, command, params)
        except CommandError as error:
            raise ObserverError(str(error)) from None

    client.ask(home, "ping", {})
    try:
        ui, sessions_pane = cli.load_ui(), importlib.import_module("xmppd.inspect.sessions_pane")
    except ObserverError:
        raise CommandError("the observer needs Textual: pip install 'xmppd[observer]'") from None
    ui.run(Source(ask, str(home.path)), every, [("Sessions", sessions_pane.SessionsPane)], "xmppd observer")
