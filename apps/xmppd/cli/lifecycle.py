"""lifecycle — start, stop, restart, foreground, logs.

OTP:      cf. the start script of a release, and heart
Way:      cli.main → [lifecycle] → node.parent, a process of its own
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import subprocess
import sys
import time
from typing import Any, Final

import click

from xmppd.cli import client, logs
from xmppd.cli.options import GlobalOptions, colours, common, development, options, usage
from xmppd.commands import EXIT_FAILED, EXIT_TRY_AGAIN, CommandError
from xmppd.node import banner
from xmppd.node.home import Home

#: seconds a server has to come up, and to go down beyond its drain time
START_TIMEOUT: Final = 60.0
STOP_TIMEOUT: Final = 30.0
_ELSEWHERE: Final = (
    "this server runs in the foreground: its log goes where it was started, to the terminal, the container's log or "
    "the journal (journalctl -u xmppd)"
)


@click.command(help="start the server in the background, and wait until it serves")
@development
@common
def start() -> None:
    """Start, unless it runs already."""
    said = options()
    running = said.where().pid()
    if running is not None:
        if _others(said):
            raise CommandError(f"runs already, pid {running}, with other options: `restart` takes those given now")
        said.out({"running": True, "pid": running}, lambda r: f"runs already, pid {r['pid']}")
        return
    said.out(started(said), lambda info: banner.banner(info, colours()))


@click.command(help="run the server in this terminal (or under systemd, or in a container) until a signal")
@development
@common
def foreground() -> None:
    """Become the parent process."""
    sys.stdout.flush()
    command = parent_command(options())
    os.execv(command[0], [*command, "--foreground"])


@click.command(help="drain (clients are told, and have limits.drain_seconds to leave) and stop")
@common
def stop() -> None:
    """Stop, and wait for the end."""
    said = options()
    stopped(said)
    said.out({"stopped": True}, lambda _: "stopped")


@click.command(help="stop if it runs, then start, with the options of the last start if none are given")
@common
def restart() -> None:
    """Stop and start; a wrong configuration is refused before anything stops."""
    said = as_before(options())
    said.checked()
    if said.where().pid() is not None:
        stopped(said)
    said.out(started(said), lambda info: banner.banner(info, colours()))


@click.command(name="logs", help="the last lines of the log")
@click.option("-n", "count", default=50, help="how many lines")
@click.option("-f", "--follow", is_flag=True, help="go on with new lines until Ctrl-C")
@common
def show_logs(count: int, follow: bool) -> None:
    """Print the log's end, or say where the log is."""
    said = options()
    home = said.where()
    if not home.path.exists():
        raise usage(f"there is no home {home.path}: --home says another")
    if _in_the_foreground(home):
        click.echo(_ELSEWHERE, err=True)
    elif not home.log.exists():
        raise CommandError(f"there is no log yet: {home.log}")
    found = logs.tail(home.log, count)
    said.out([logs.as_data(line) for line in found] if said.json else found)
    if follow:
        for line in logs.follow(home.log):
            said.out(logs.as_data(line) if said.json else line)


def as_before(said: GlobalOptions) -> GlobalOptions:
    """Return the options of the last start where none are given now."""
    if said.config or said.flags or os.environ.get("XMPPD_CONFIG"):
        return said
    before = _last_start(said.where())
    if not before:
        return said
    return dataclasses.replace(said, config=before.get("config"), flags=before.get("flags") or {})


def _in_the_foreground(home: Home) -> bool:
    """Tell whether a server runs there whose log is not in the file; somebody who may not see that may still read the
    log."""
    try:
        return home.pid() is not None and bool(_last_start(home).get("foreground"))
    except PermissionError:
        return False


def _last_start(home: Home) -> dict[str, Any]:
    """Return how the server of a home was started last: {"config", "flags", "foreground"}; {} if that is not known."""
    try:
        found: dict[str, Any] = json.loads(home.options_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _others(said: GlobalOptions) -> bool:
    """Tell whether options are given that the server which runs was not started with."""
    before = _last_start(said.where())
    flags = before.get("flags") or {}
    file = said.file() if said.config else before.get("config")
    return file != before.get("config") or any(flags.get(name) != value for name, value in said.flags.items())


def parent_command(said: GlobalOptions) -> list[str]:
    """Return the command line of the parent process."""
    command = [sys.executable, "-I", "-m", "xmppd.node.parent", "--home", str(said.where().path)]
    if file := said.file():
        command += ["--config", file]
    for name, value in said.flags.items():
        command += ["--set", f"{name}={value}"]
    return command


def started(said: GlobalOptions) -> dict[str, Any]:
    """Start the parent in the background; give what it says once it serves.

    Raises CommandError with the parent's own words and status if it does not come up.
    """
    ready, done = os.pipe()
    process = subprocess.Popen(
        [*parent_command(said), "--ready-fd", str(done)],
        stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), cwd="/", start_new_session=True, pass_fds=[done],
    )  # fmt: skip
    os.close(done)
    return _await_ready(process, ready, said.where())


def _await_ready(process: subprocess.Popen[bytes], ready: int, home: Home) -> dict[str, Any]:
    text = b""
    deadline = time.monotonic() + START_TIMEOUT
    while select.select([ready], [], [], max(deadline - time.monotonic(), 0))[0]:
        piece = os.read(ready, 65536)
        text += piece
        if not piece or text.endswith(b"\n"):
            break
    os.close(ready)
    if not text.endswith(b"\n"):
        if process.poll() is None and time.monotonic() >= deadline:
            process.terminate()
        last = "\n".join(logs.tail(home.log, 15))
        raise CommandError(f"the server did not come up; the end of {home.log}:\n{last}")
    answer: dict[str, Any] = json.loads(text)
    if "error" in answer:
        process.wait(10)
        raise CommandError(answer["error"], answer.get("status", EXIT_FAILED))
    return answer


def stopped(said: GlobalOptions) -> None:
    """Ask the server to stop and wait until its home is free. Raises NotRunning, CommandError."""
    home = said.where()
    pid = home.pid()
    if pid is None:
        raise client.NotRunning(home)
    answer = client.ask(home, "stop", {})
    deadline = time.monotonic() + float(answer["drain_seconds"]) + STOP_TIMEOUT
    while home.pid() is not None:
        if time.monotonic() > deadline:
            raise CommandError(f"pid {pid} has not ended; see {home.log}", EXIT_TRY_AGAIN)
        time.sleep(0.02)
