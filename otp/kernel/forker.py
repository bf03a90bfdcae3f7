"""forker — forks OS processes off one that has loaded all code already: they begin at once, and share its memory.

OTP:      erl_child_setup, the process off which a node's port programs are forked
Way:      peer → [forker], an OS process → the `main` of a module, in a new OS process
Process:  none; an OS process without loop, thread and descriptors, which does nothing but fork
Differs:  what is forked is a child of whoever asked for it, not of the forker (Linux: PR_SET_CHILD_SUBREAPER); it runs
          the code as it was loaded when the forker began. Where there is no such thing, processes are executed

    made = forker.start()                  # returns in each forked process too, as fork(2) does
    if isinstance(made, forker.Task):
        sys.exit(made.run())
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from otp.kernel import cmdline
from otp.kernel.reaper import OURS

#: seconds it may take to fork; then the forker is given up
PATIENCE: Final = 5.0
#: most descriptors that a message can carry (SCM_MAX_FD in the kernel), and bytes
_MOST_FDS: Final = 250
_MOST_BYTES: Final = 131_072
_PR_SET_CHILD_SUBREAPER: Final = 36


class ForkError(OSError):
    """The forker could not fork; it is no good any more."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a forked process is there for: the `main` of a module, with arguments."""

    module: str
    args: tuple[str, ...]

    def run(self) -> int:
        """Be it; returns the exit status."""
        return int(importlib.import_module(self.module).main(list(self.args)))


class Forked:
    """A forked process, a child of ours; the part of subprocess.Popen that a peer uses."""

    def __init__(self, pid: int, stderr: IO[bytes]) -> None:
        self.pid, self.stderr = pid, stderr
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, or minus the signal's number; None as long as it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Forker:
    """Our end of it."""

    def __init__(self, pid: int, sock: socket.socket) -> None:
        self.pid, self._sock = pid, sock

    def fork(self, args: Sequence[str], env: Mapping[str, str], fds: Mapping[int, int], stderr: IO[bytes]) -> Forked:
        """Fork a process that runs `args`, a command line with `-m MODULE`, as if it were executed: MODULE's `main`
        with what comes behind.

        `fds`: its descriptors, by number, each a copy of one of ours. `stderr` is our end of its standard error.
        Raises: ForkError.
        """
        request = json.dumps({"args": list(args), "env": dict(env), "fds": list(fds)}).encode()
        if len(fds) > _MOST_FDS or len(request) > _MOST_BYTES:
            raise ForkError(f"too much for one message: {len(fds)} descriptors, {len(request)} bytes")
        try:
            socket.send_fds(self._sock, [request], list(fds.values()))
            answer = self._sock.recv(32)
        except OSError as error:
            self.close()
            raise ForkError(f"the forker does not answer: {error}") from error
        if not answer.isdigit():
            self.close()
            raise ForkError("the forker has ended")
        return Forked(int(answer), stderr)

    @property
    def closed(self) -> bool:
        """Whether it was ended, or given up because it does not answer."""
        return self._sock.fileno() < 0

    def close(self) -> None:
        """End it. What was forked goes on."""
        if not self.closed:
            self._sock.close()
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            OURS.discard(self.pid)


def start() -> Forker | Task | None:
    """Fork the forker off this process, which has loaded what they all need. Returns in each process that it forks
    as well, with that one's Task; None where forks cannot become our children, or a thread runs already.

    Call it before there is a loop, a database or anything else that two processes must not share.
    """
    if threading.active_count() > 1 or not _adopts_orphans():
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gc.collect()
    gc.freeze()  # the collector would write into each object, and so make a copy of its page
    pid = os.fork()
    if pid:
        theirs.close()
        OURS.add(pid)
        ours.settimeout(PATIENCE)
        return Forker(pid, ours)
    _close_all_but(theirs.fileno())
    return _serve(theirs)


# -- in the forker


def _serve(sock: socket.socket) -> Task:
    """Fork until nobody is there to ask for it; returns in the forked processes only."""
    try:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a terminal's; whoever asks for processes sees to the end
        cmdline.overwrite([sys.executable, "-I", "-m", __name__])
        while True:
            data, fds, _flags, _address = socket.recv_fds(sock, _MOST_BYTES, _MOST_FDS)
            if not data:
                os._exit(0)
            middle = os.fork()
            if not middle:
                _orphan()
                return _become(json.loads(data), fds, sock)
            os.waitpid(middle, 0)
            for fd in fds:
                os.close(fd)
    except BaseException:  # never into what the caller of start() does next
        traceback.print_exc()
        os._exit(1)


def _orphan() -> None:
    """Fork once more and end, so that the new process is a child of who adopts orphans. Returns in that one."""
    middle = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == middle:
        os.sched_yield()


def _become(request: dict[str, Any], fds: Sequence[int], sock: socket.socket) -> Task:
    """Make of this fork what an executed process would be, and say its pid."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    sock.send(str(os.getpid()).encode())
    sock.close()
    _place(dict(zip(request["fds"], fds, strict=True)))
    os.environ.clear()
    os.environ.update(request["env"])
    args: list[str] = request["args"]
    cmdline.overwrite(args)
    at = args.index("-m") + 1
    sys.argv = args[at:]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]  # TextIOWrapper
    return Task(args[at], tuple(args[at + 1 :]))


def _place(wanted: Mapping[int, int]) -> None:
    """Put each descriptor where it is for who asked, under its number."""
    above = max([*wanted, *wanted.values(), 2]) + 1
    high = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, above) for number, fd in wanted.items()}
    for fd in wanted.values():
        os.close(fd)
    for number, fd in high.items():
        os.dup2(fd, number, inheritable=True)
        os.close(fd)


def _close_all_but(kept: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _adopts_orphans() -> bool:
    """Become whose children those are that lose their parent below us; False where the system has no such thing."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
