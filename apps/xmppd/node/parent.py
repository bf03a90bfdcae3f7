"""parent — the entry point of the parent process: `python -m xmppd.node.parent --home DIR …`.

OTP:      erlexec and init, up to the boot
Way:      cli.lifecycle → [parent] → boot → application xmppd_main
Process:  none before the boot; then `init`, and `announce`, which tells when all workers serve
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.kernel import forker, keeper, peer, rpc, stall
from otp.kernel.forker import Forker, Task
from otp.kernel.stall import StallConfig
from otp.release import boot
from otp.release.reasons import explain
from xmppd.commands import EXIT_CONFIG, EXIT_FAILED, EXIT_PERMISSION, EXIT_TRY_AGAIN, CommandError
from xmppd.config.load import load
from xmppd.config.problems import ConfigError
from xmppd.config.schema import Config
from xmppd.node import control, dev_certs, log_setup, loop_lag, output, ports, worker
from xmppd.node.home import Home, HomeTaken
from xmppd.node.parent_state import APP, Parent
from xmppd.node.readiness import Readiness
from xmppd.node.release import script
from xmppd.node.systemd import NOBODY, Systemd
from xmppd.store.store import BACKENDS

log = logging.getLogger("xmppd.main")

#: seconds that the workers of a parent that was killed may still have its ports
ORPHANS: Final = 3.0
#: seconds a worker has to say what it has found
PATIENCE: Final = 3.0


def main(args: list[str] | None = None) -> int:
    """Run the parent until it is told to stop; returns the exit code."""
    said = _arguments().parse_args(args)
    os.umask(0o077)
    if os.getpid() == 1:  # of a container: there the kernel ends nobody at a SIGTERM without a handler
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    flags = dict(flag.split("=", 1) for flag in said.flags)
    systemd = Systemd.take(os.environ)
    readiness = Readiness(said.ready_fd, output.wants_json(flags, os.environ), systemd)
    if said.foreground:
        os.environ["XMPPD_FOREGROUND"] = "1"
    try:
        config = _configured(said, flags)
        forked = _forker(config)
        if isinstance(forked, Task):
            return forked.run()  # a worker's whole life
        parent = prepare(said, config, systemd, forked)
    except CommandError as error:
        readiness.tell({"error": str(error), "status": error.status})
        return error.status
    if parent.config.log.format == "json":
        readiness.as_json = True
        output.take_over()
    try:
        status = _run(parent, readiness)
    finally:
        parent.home.release()
    if not parent.again or status:
        return status
    return EXIT_TRY_AGAIN if parent.systemd.address else _again(said)  # with that a service manager starts us again


def _again(said: argparse.Namespace) -> int:
    """Become a new parent with the same options; whoever waited for the first start has been told long ago."""
    command = [sys.executable, "-I", "-m", "xmppd.node.parent", "--home", said.home]
    command += ["--config", said.config] if said.config else []
    command += [part for flag in said.flags for part in ("--set", flag)]
    command += ["--foreground"] if said.foreground else []
    os.execv(command[0], command)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="xmppd-parent")
    parser.add_argument("--home", required=True)
    parser.add_argument("--config")
    parser.add_argument("--set", action="append", default=[], dest="flags")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--foreground", action="store_true")
    return parser


def _configured(said: argparse.Namespace, flags: Mapping[str, str]) -> Config:
    """Read the configuration and try what it says, then make the home, and write into its log. Raises CommandError."""
    # by its name, since it lies above; to check the options of modules it loads them, which workers need anyway
    reading = importlib.import_module("xmppd.cli.reading")
    config: Config = reading.read(said.config, Path(said.home), flags, reading.known_modules())
    reading.tried(config)
    if not said.foreground:
        home = Home(config.paths.home)
        try:
            home.create()
            to_log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            words = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise CommandError(words, EXIT_PERMISSION) from None
        for number in (1, 2):  # up to now they were those of who started us
            os.dup2(to_log, number)
        os.close(to_log)
    return config


def _forker(config: Config) -> Forker | Task | None:
    """Load what workers need, then begin to fork: see forker.start."""
    for name in (*worker.LOADED, BACKENDS[config.store.backend]):
        importlib.import_module(name)
    with contextlib.suppress(ImportError):  # otp.erts.runtime does without it
        importlib.import_module("uvloop")
    return forker.start()


def prepare(
    said: argparse.Namespace, config: Config | None = None, systemd: Systemd = NOBODY, forked_off: Forker | None = None
) -> Parent:
    """Take the home, the certificates and the ports. Raises CommandError, with nothing held."""
    flags = dict(flag.split("=", 1) for flag in said.flags)
    try:
        config = config or load(said.config, said.home, os.environ, flags)
        home = Home(config.paths.home)
        home.create()
        new = not home.lock_file.exists()
        killed = home.pid_file.exists()  # the one before had no time to clear up
        home.lock()
        log_setup.set_up(config.log, None if said.foreground else home.log)
        dev_certs.ensure(config)
        config, bound = ports.bind_config(config, ORPHANS if killed else 0.0)
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
    cookie = secrets.token_bytes(32)
    parent = Parent(config, said.config, flags, bound, cookie, said.foreground, systemd, forked_off, new)
    for warning in parent.warnings():
        log.warning("%s", warning)
    return parent


def _run(parent: Parent, readiness: Readiness) -> int:
    kernel = {"run_dir": str(parent.home.run), "cookie": parent.cookie, "nodes": parent.nodes}

    def started() -> None:
        # nothing would restart the parent, so it only raises the alarm
        stall.start(StallConfig(parent.config.node.alarm_seconds, restart=None))
        loop_lag.start()
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
    for name in parent.workers:
        try:
            await peer.await_ready(name)
        except CallError as error:
            why = f"worker {name} cannot start: {explain(error.why)}"
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
