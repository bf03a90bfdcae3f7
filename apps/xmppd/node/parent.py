"""parent — the entry point of the parent process: `python -m xmppd.node.parent --home DIR …`.

OTP:      erlexec and init, up to the boot
Way:      cli.lifecycle → [parent] → boot → application xmppd_main
Process:  none before the boot; then `init`, and `announce`, which tells when all workers serve
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.kernel import keeper, peer, rpc, stall
from otp.kernel.stall import StallConfig
from otp.release import boot
from otp.release.reasons import explain
from xmppd.commands import EXIT_CONFIG, EXIT_FAILED, EXIT_PERMISSION, EXIT_TRY_AGAIN, CommandError
from xmppd.config.load import load
from xmppd.config.problems import ConfigError
from xmppd.node import control, dev_certs, log_setup, output, ports
from xmppd.node.home import Home, HomeTaken
from xmppd.node.parent_state import APP, Parent
from xmppd.node.readiness import Readiness
from xmppd.node.release import script

log = logging.getLogger("xmppd.main")

#: seconds a worker has to say what it has found
PATIENCE: Final = 3.0


def main(args: list[str] | None = None) -> int:
    """Run the parent until it is told to stop; returns the exit code."""
    said = _arguments().parse_args(args)
    os.umask(0o077)
    flags = dict(flag.split("=", 1) for flag in said.flags)
    readiness = Readiness(said.ready_fd, as_json=output.wants_json(flags, os.environ))
    if said.foreground:
        os.environ["XMPPD_FOREGROUND"] = "1"
    try:
        parent = prepare(said)
    except CommandError as error:
        readiness.tell({"error": str(error), "status": error.status})
        return error.status
    if parent.config.log.format == "json":
        readiness.as_json = True
        output.take_over()
    try:
        return _run(parent, readiness)
    finally:
        parent.home.release()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="xmppd-parent")
    parser.add_argument("--home", required=True)
    parser.add_argument("--config")
    parser.add_argument("--set", action="append", default=[], dest="flags")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--foreground", action="store_true")
    return parser


def prepare(said: argparse.Namespace) -> Parent:
    """Take the home, the certificates and the ports. Raises CommandError, with nothing held."""
    flags = dict(flag.split("=", 1) for flag in said.flags)
    try:
        config = load(said.config, said.home, os.environ, flags)
        home = Home(config.paths.home)
        home.create()
        new = not home.lock_file.exists()
        home.lock()
        log_setup.set_up(config.log, None if said.foreground else home.log)
        dev_certs.ensure(config)
        bound = ports.bind_all(config.listen, config.worker_count)
    except ConfigError as error:
        raise CommandError(str(error), EXIT_CONFIG) from None
    except HomeTaken as error:
        raise CommandError(str(error), EXIT_FAILED) from None
    except ports.PortForbidden as error:
        raise CommandError(str(error), EXIT_PERMISSION) from None
    except ports.NoAddress as error:
        raise CommandError(str(error), EXIT_CONFIG) from None
    except ports.PortTaken as error:
        raise CommandError(str(error), EXIT_TRY_AGAIN) from None
    except PermissionError as error:
        raise CommandError(str(error), EXIT_PERMISSION) from None
    except OSError as error:
        raise CommandError(str(error), EXIT_FAILED) from None
    started = {"config": said.config, "flags": flags, "foreground": said.foreground}
    home.options_file.write_text(json.dumps(started), encoding="utf-8")
    parent = Parent(config, said.config, flags, bound, secrets.token_bytes(32), said.foreground, new=new)
    for warning in parent.warnings():
        log.warning("%s", warning)
    return parent


def _run(parent: Parent, readiness: Readiness) -> int:
    kernel = {"run_dir": str(parent.home.run), "cookie": parent.cookie, "nodes": parent.nodes}

    def started() -> None:
        # nothing would restart the parent, so it only raises the alarm
        stall.start(StallConfig(parent.config.node.alarm_seconds, restart=None))
        process.spawn(_announce, parent, readiness, name="announce")

    hooks = boot.Hooks(reload=_reload, started=started)
    env: dict[str, dict[str, Any]] = {"kernel": kernel, APP: {"parent": parent}}
    status = boot.run(script("main"), env, node="main", hooks=hooks)
    if status:
        hopeless = [f"{name} {kept.last}" for name, kept in keeper.STATES.items() if kept.hopeless]
        text = f"no worker can live: {'; '.join(hopeless)}" if hopeless else "the server did not come up"
        log.critical("%s", text)
        readiness.tell({"error": f"{text}; see {parent.home.log}", "status": status})
    return status


async def _announce(parent: Parent, readiness: Readiness) -> None:
    """Wait until every worker serves. One that cannot boot at all ends the release: trying again would not help."""
    for worker in parent.workers:
        try:
            await peer.await_ready(worker)
        except CallError as error:
            why = f"worker {worker} cannot start: {explain(error.why)}"
            readiness.tell({"error": _readable(why, error.why), "status": EXIT_FAILED})
            boot.stop(why, EXIT_FAILED)
            return
    log.info("all %d workers serve", len(parent.workers))
    told = parent.describe()
    notes = await _notes(parent.workers[0])
    for note in notes:
        log.warning("%s", note)
    readiness.tell(told | {"workers": list(parent.workers), "warnings": [*told["warnings"], *notes]})


async def _notes(worker: str) -> list[str]:
    """Warnings of a worker that serves now, for the person who started it."""
    try:
        answer = await rpc.call(worker, "xmppd.admin.worker_commands:notes", timeout=PATIENCE)
    except rpc.RpcError:
        return []
    found: list[str] = answer["ok"]
    return found


def _readable(why: str, reason: object) -> str:
    """Return the last lines of the worker, which say more than its exit status."""
    match reason:
        case (str(), _, tuple() as lines) if lines:
            return "\n".join(["a worker cannot start:", *map(str, lines)])
    return why


def _reload() -> None:
    """SIGHUP."""
    process.send(control.NAME, control.Reload())


if __name__ == "__main__":
    sys.exit(main())
