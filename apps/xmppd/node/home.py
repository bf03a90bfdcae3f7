"""home — the folder of one server: the paths in it, their owner, and its lock.

OTP:      none; cf. the pid file and spool checks of ejabberdctl
Way:      cli, node.parent → [home]; the parent takes the lock, every verb looks which process holds it
"""

from __future__ import annotations

import fcntl
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class HomeTaken(Exception):
    """Another server runs with this home; `pid` is its parent process (0: not known)."""

    def __init__(self, home: Path, pid: int) -> None:
        super().__init__(f"{home} belongs to a running server (pid {pid})" if pid else f"{home} is in use")
        self.pid = pid


@dataclass(frozen=True)
class Home:
    """The paths of one home folder. Nothing is made before `create`."""

    path: Path

    @property
    def data(self) -> Path:
        """The folder of databases."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The log file."""
        return self.path / "log" / "xmppd.log"

    @property
    def run(self) -> Path:
        """The folder of sockets; how deep it lies does not matter (otp.kernel.unix_socket)."""
        return self.path / "run"

    @property
    def control(self) -> Path:
        """The control socket."""
        return self.run / "control.sock"

    @property
    def pid_file(self) -> Path:
        """The pid of the parent, in text."""
        return self.run / "xmppd.pid"

    @property
    def options_file(self) -> Path:
        """With which options the server was started last: `restart` starts it so again."""
        return self.run / "options.json"

    @property
    def lock_file(self) -> Path:
        """Locked for as long as a server runs."""
        return self.run / "lock"

    def create(self) -> None:
        """Make the folders, for the owner only; those that are there already are made so. Raises OSError."""
        for folder in (self.path, self.run, self.data, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.run.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.run} belongs to {owner_of(self.run)}: {as_owner(self.run)}")
        for folder in (self.run, self.data, self.log.parent, self.path / "certs"):
            if folder.exists() and folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
        if self.log.is_symlink():
            raise PermissionError(f"{self.log} is a symbolic link: the log is not written through one")

    def lock(self) -> int:
        """Take the home for this process, and write the pid file; the lock goes with the process.

        Gives the descriptor that holds the lock. Raises HomeTaken.
        """
        fd = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise HomeTaken(self.path, self.pid() or 0) from None
        self.pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        return fd

    def pid(self) -> int | None:
        """Return the pid of the server that holds this home, None if none does."""
        try:
            fd = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._written_pid()
        finally:
            os.close(fd)
        return None

    def _written_pid(self) -> int:
        try:
            return int(self.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def release(self) -> None:
        """Take away what marks a running server; the lock itself ends with its descriptor."""
        for path in (self.pid_file, self.control):
            path.unlink(missing_ok=True)


def owner_of(path: Path) -> str:
    """Return the name of the owner of a path, or the nearest folder above it that can be seen."""
    while True:
        try:
            number = path.stat().st_uid
            break
        except OSError:
            if path == path.parent:
                return "another user"
            path = path.parent
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def as_owner(path: Path) -> str:
    """Return what to do about a path that only its owner may use."""
    return f"run the verb as its owner: sudo -u {owner_of(path)} …"


def find_home(flag: str | None, env: Mapping[str, str]) -> Home:
    """Return the home: `--home`, else XMPPD_HOME, else ~/.local/state/xmppd (XDG)."""
    state = env.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    chosen = flag or env.get("XMPPD_HOME") or os.path.join(state, "xmppd")
    return Home(Path(os.path.abspath(os.path.expanduser(chosen))))
