"""worker — the entry point of a worker process: `python -m xmppd.node.worker NAME CREATION`, told the rest on stdin.

OTP:      the start of a peer node
Way:      parent_sup → otp.kernel.peer → [worker] → boot → application xmppd
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from otp.kernel import stall
from otp.kernel.stall import StallConfig
from otp.release import boot
from xmppd import crash_points
from xmppd.config.schema import Config
from xmppd.node import log_setup, loop_lag
from xmppd.node.home import Home
from xmppd.node.release import script
from xmppd.node.worker_start import WorkerStart

log = logging.getLogger("xmppd.main")

#: what the parent may call, once all runs: before that it is told that we are still starting
EXPORTS = (
    "xmppd.admin.worker_commands",
    "xmppd.admin.upgrade",
    "xmppd.monitor.gather",
    "xmppd.monitor.health",
    "xmppd.inspect.hops",
    "xmppd.inspect.plugin",
    "otp.observer.backend",
    "otp.observer.crash",
    "otp.observer.tracing",
)
#: what every worker loads: a worker that is forked finds it there
LOADED = ("xmppd.app", *EXPORTS)


def main(args: list[str]) -> int:
    """Be a worker until told to stop; give the exit code."""
    start, creation = WorkerStart.from_bytes(_told()), int(args[1])
    config, copies = start.config()
    home = Home(config.paths.home)
    log_setup.set_up(config.log, None if os.environ.get("XMPPD_FOREGROUND") else home.log)
    logging.captureWarnings(True)
    _arm(start.node, creation)
    hooks = boot.Hooks(started=lambda: _started(config))
    return boot.run(script("xmppd"), env(start, config, copies), node=start.node, creation=creation, hooks=hooks)


def env(start: WorkerStart, config: Config, copies: Sequence[int] = ()) -> dict[str, dict[str, Any]]:
    """Return the settings of the applications."""
    cookie = bytes.fromhex(os.environ.pop("OTP_COOKIE", ""))
    return {
        "kernel": {"run_dir": str(Home(config.paths.home).run), "cookie": cookie, "nodes": tuple(start.nodes)},
        "xmppd": {"config": config, "listen_fds": dict(start.fds), "copies": list(copies)},
    }


def _arm(node: str, creation: int) -> None:
    """A test may have this worker die at a crash point; the one that takes its place lives."""
    if creation == 1 and crash_points.arm(os.environ.get(crash_points.VARIABLE, ""), node):
        log.warning("%s is set: this worker will die at a point of its code", crash_points.VARIABLE)


def _told() -> bytes:
    """What the parent says; then standard input is empty, so that its secrets do not stay."""
    data = sys.stdin.buffer.read()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return data


def _started(config: Config) -> None:
    for name in EXPORTS:
        importlib.import_module(name)
    node = config.node
    loop_lag.start()
    stall.start(StallConfig(node.alarm_seconds, node.restart_seconds, end=node.end_seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
