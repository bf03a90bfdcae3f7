"""peer — starts a sibling OS process and lives as long as it does.

OTP:      peer.erl; a port program under a supervisor
Way:      supervisor → [peer] … lifeline … boot of the other OS process
Process:  one gen_server per OS process, permanent under a supervisor: it ends when the OS process does, and so the
          supervisor's intensity limits crash loops
Differs:  starting does not wait until the node is up (others start in the meantime): await_ready() does

    spec = PeerSpec("w1", (sys.executable, "-m", "xmppd.worker"), pass_fds=(7, 8))
    pid = await peer.start_link(spec)
    await peer.await_ready(pid, timeout=10.0)
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

from otp.erts.pid import Pid
from otp.erts.process import cancel_timer, receive, running, self_, send, send_after, trap_exit, whereis
from otp.erts.signals import Exit
from otp.erts.timer import TimerRef
from otp.kernel import lifeline
from otp.kernel.child_process import Child, ChildEnded, Lines, Ready, Watch
from otp.kernel.forker import Forker
from otp.stdlib import gen_server
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply, Stop, StopInit, reply

log = logging.getLogger("otp.peer")

#: lines of standard error that an exit reason keeps
LAST_LINES: Final = 20


def _say(name: str, line: str) -> None:
    sys.stderr.write(f"{name}: {line}\n")


@dataclass(frozen=True, slots=True)
class PeerSpec:
    """What to run. `args`, the command line, or a function that makes it for each start (a new generation).

    `pass_fds` are inherited under their numbers; `env` is added to ours; `ready_within` and `shutdown` are seconds:
    to be up after the start, and to be gone after SIGTERM, before SIGKILL. `input` is what it finds at its standard
    input, or a function that gives it for each start. With a `forker` it is forked where that can be, else executed;
    then `args` has `-m MODULE` in it.
    """

    name: str
    args: tuple[str, ...] | Callable[[], tuple[str, ...]]
    pass_fds: tuple[int, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str, str], None] = _say
    ready_within: float = 30.0
    shutdown: float = 10.0
    input: bytes | Callable[[], bytes] = field(default=b"", repr=False)
    forker: Forker | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """What info() tells. `status`: starting, ready or stopping."""

    name: str
    os_pid: int
    status: str


class _Late:
    """It was not ready in time."""


class _Kill:
    """It is no good any more."""


@dataclass(slots=True)
class _State:
    spec: PeerSpec
    child: Child
    watch: Watch
    late: TimerRef
    status: str = "starting"
    waiting: list[From] = field(default_factory=list)
    last_lines: list[str] = field(default_factory=list)


# -- API


async def start_link(spec: PeerSpec, *, name: str | None = None) -> Pid | None:
    """Start the OS process; returns when it was started, not when it is ready. Raises: StartError.

    The exit reason tells its end: ("exit_status", n, last lines) or ("signal", "SIGKILL", last lines), "normal" for
    status 0, ("not_ready", seconds, last lines).
    """
    return await gen_server.start_link(Peer, spec, name=name)


async def await_ready(peer: Pid | str, timeout: float | None = None) -> PeerInfo:
    """Wait until the OS process said that it is ready. Raises: CallError, with its exit reason if it ends before."""
    info: PeerInfo = await gen_server.call(peer, "await_ready", timeout)
    return info


async def info(peer: Pid | str) -> PeerInfo:
    """What it is doing. Raises: CallError."""
    told: PeerInfo = await gen_server.call(peer, "info")
    return told


def kill(peer: Pid | str) -> None:
    """Kill the OS process, one that no longer reacts. Nothing happens if there is none of that name."""
    pid = whereis(peer) if isinstance(peer, str) else peer
    if pid is not None:
        send(pid, _Kill())


# -- callbacks


class Peer(GenServer[_State]):
    """See the head of the file."""

    def init(self, spec: PeerSpec) -> _State | StopInit:
        """Start the OS process and watch it."""
        trap_exit(True)
        try:
            child, line = _spawn(spec)
        except OSError as exc:
            return StopInit(("cannot_run", spec.name, str(exc)))
        watch = Watch(child, line, self_())
        # killed, this process cannot run terminate: the child must end all the same
        running().on_exit = [watch.close]
        log.info("%s started as OS process %d", spec.name, child.pid)
        return _State(spec, child, watch, send_after(spec.ready_within, self_(), _Late()))

    def handle_call(self, request: Any, from_: From, state: _State) -> Any:
        """await_ready and info."""
        if request == "await_ready" and state.status == "starting":
            state.waiting.append(from_)
            return NoReply(state)
        return Reply(_info(state), state)

    def handle_info(self, message: Any, state: _State) -> Any:
        """News of the OS process."""
        match message:
            case Ready():
                return NoReply(_ready(state))
            case Lines(lines):
                _keep(lines, state)
            case ChildEnded(code):
                return Stop(_reason(code, state), state)
            case _Kill():
                state.child.send_signal(signal.SIGKILL)
            case _Late() if state.status == "starting":
                log.error("%s was not ready in %s s", state.spec.name, state.spec.ready_within)
                return Stop(("not_ready", state.spec.ready_within, tuple(state.last_lines)), state)
            case _Late() | Exit():
                pass
            case _:
                return super().handle_info(message, state)
        return NoReply(state)

    async def terminate(self, reason: object, state: _State) -> None:
        """SIGTERM, and SIGKILL when the time is over."""
        state.status = "stopping"
        cancel_timer(state.late)
        if state.child.poll() is None:
            await _end(state)
        state.watch.close()

    def format_status(self, state: _State) -> Any:
        """Without the environment, which may hold secrets."""
        return _info(state)


# -- internals


def _spawn(spec: PeerSpec) -> tuple[Child, socket.socket]:
    args = spec.args() if callable(spec.args) else spec.args
    stdin = _stdin(spec.input() if callable(spec.input) else spec.input)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, stdin:
        environ = {**os.environ, **spec.env, lifeline.VARIABLE: str(theirs.fileno())}
        passed = (*spec.pass_fds, theirs.fileno())
        try:
            return _forked(spec, args, environ, stdin, passed) or _executed(args, environ, stdin, passed), ours
        except OSError:
            ours.close()
            raise


def _executed(args: tuple[str, ...], environ: dict[str, str], stdin: IO[bytes], passed: tuple[int, ...]) -> Child:
    return subprocess.Popen(
        args,
        stdin=stdin,
        stderr=subprocess.PIPE,
        pass_fds=passed,
        env=environ,
        start_new_session=True,  # a ^C at the terminal is the parent's affair
    )


def _forked(
    spec: PeerSpec, args: tuple[str, ...], environ: dict[str, str], stdin: IO[bytes], passed: tuple[int, ...]
) -> Child | None:
    if spec.forker is None or spec.forker.closed:
        return None
    read, write = os.pipe()
    stderr = os.fdopen(read, "rb", 0)
    try:
        fds = {0: stdin.fileno(), 2: write, **{fd: fd for fd in passed}}
        return spec.forker.fork(args, environ, fds, stderr)
    except OSError as error:
        log.warning("%s is executed, not forked: %s", spec.name, error)
        stderr.close()
        return None
    finally:
        os.close(write)


def _stdin(content: bytes) -> IO[bytes]:
    """A file, not a pipe: nobody has to wait until it is read. In memory where that can be: it may be a secret."""
    memory = hasattr(os, "memfd_create")
    file = os.fdopen(os.memfd_create("stdin"), "w+b") if memory else tempfile.TemporaryFile()  # noqa: SIM115 - its user closes it
    file.write(content)
    file.seek(0)
    return file


def _ready(state: _State) -> _State:
    state.status = "ready"
    cancel_timer(state.late)
    for from_ in state.waiting:
        reply(from_, _info(state))
    state.waiting.clear()
    log.info("%s is ready", state.spec.name)
    return state


def _info(state: _State) -> PeerInfo:
    return PeerInfo(state.spec.name, state.child.pid, state.status)


def _keep(lines: tuple[str, ...], state: _State) -> None:
    state.last_lines = [*state.last_lines, *lines][-LAST_LINES:]
    for line in lines:
        state.spec.say(state.spec.name, line)


def _reason(code: int, state: _State) -> object:
    if code == 0:
        return "normal"
    last = tuple(state.last_lines)
    if code < 0:
        return ("signal", _signal_name(-code), last)
    return ("exit_status", code, last)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


async def _end(state: _State) -> None:
    for number, seconds in ((signal.SIGTERM, state.spec.shutdown), (signal.SIGKILL, None)):
        state.child.send_signal(number)
        timer = None if seconds is None else send_after(seconds, self_(), _Late())
        message = await receive(lambda m: isinstance(m, (ChildEnded, _Late)))
        if timer is not None:
            cancel_timer(timer)
        if isinstance(message, ChildEnded):
            return
        log.warning("%s did not end within %s s of SIGTERM: SIGKILL", state.spec.name, state.spec.shutdown)
