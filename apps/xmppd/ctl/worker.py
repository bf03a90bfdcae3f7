"""worker — the entry point of a worker process: `python -m xmppd.ctl.worker START CREATION`.

OTP:      the start of a peer node
Way:      main_sup → otp.kernel.peer → [worker] → boot → application xmppd
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Any

from otp.kernel import stall
from otp.kernel.stall import StallConfig
from otp.release import boot
from xmppd.config.schema import Config
from xmppd.ctl import log_setup
from xmppd.ctl.home import Home
from xmppd.ctl.release import script
from xmppd.ctl.worker_start import WorkerStart

#: what the parent may call, once all runs: before that it is told that we are still starting
EXPORTS = (
    "xmppd.ctl.here",
    "xmppd.ctl.introspection",
    "xmppd.ctl.reload",
    "xmppd.ctl.upgrade",
    "xmppd.ctl.look.crash",
    "xmppd.ctl.look.hops",
    "xmppd.ctl.look.jids",
    "xmppd.ctl.look.observe",
    "xmppd.ctl.look.top",
    "xmppd.ctl.look.tracing",
)


def main(args: list[str]) -> int:
    """Be a worker until told to stop; give the exit code."""
    start, creation = WorkerStart.from_json(args[0]), int(args[1])
    config = start.load()
    home = Home(config.paths.home)
    log_setup.set_up(config.log, None if os.environ.get("XMPPD_FOREGROUND") else home.log)
    logging.captureWarnings(True)
    hooks = boot.Hooks(started=lambda: _started(config))
    return boot.run(script("xmppd"), env(start, config), node=start.node, creation=creation, hooks=hooks)


def env(start: WorkerStart, config: Config) -> dict[str, dict[str, Any]]:
    """Give the settings of the applications."""
    cookie = bytes.fromhex(os.environ.pop("OTP_COOKIE", ""))
    return {
        "kernel": {"run_dir": str(Home(config.paths.home).run), "cookie": cookie, "nodes": tuple(start.nodes)},
        "xmppd": {"config": config, "listen_fds": tuple(start.fds), "start": start},
    }


def _started(config: Config) -> None:
    for name in EXPORTS:
        importlib.import_module(name)
    stall.start(StallConfig(config.node.alarm_seconds, config.node.restart_seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
