"""file_lock — one writer at a time among the workers of a machine: a lock that is waited for in turn, but not for ever.

OTP:      cf. Mnesia's lock manager, and the time limit of global:set_lock/3
Way:      sqlite_writer, store_sqlite → [file_lock] → flock(2)
Process:  none; a caller that waits blocks its thread. The first wait that is one starts a thread that asks the kernel
Differs:  flock(2) queues who waits, which keeps the writers' turns fair, and knows no time limit. So a second thread
          does the waiting; one whose time is up goes on without, and what comes too late is let go at once
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final

from xmppd.store.backend import StoreError

#: seconds that a writer waits for the others: a worker that was stopped in the middle of a commit holds the lock
PATIENCE: Final = 5.0


class FileLock:
    """The lock of one file, for one thread at a time. The kernel frees it when the process that holds it dies."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._mutex = threading.Lock()
        self._asked = self._wanted = False  # the thread is asking the kernel; somebody still waits for it
        self._closed = False
        self._got = threading.Event()

    def acquire(self, seconds: float) -> bool:
        """Wait for it so long; False if it did not come."""
        with self._mutex:
            if not self._asked:
                try:
                    fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._ask()
                else:
                    return True
            self._wanted = True
        if not self._got.wait(seconds):
            with self._mutex:
                if not self._got.is_set():
                    self._wanted = False
                    return False
        self._got.clear()
        return True

    def release(self) -> None:
        """Pass the lock on to the next one that waits."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Of no use any more."""
        with self._mutex:
            self._closed = True
            self._orders.put(False)
            os.close(self._fd)

    def _ask(self) -> None:
        self._asked = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._obey, name="file_lock", daemon=True)
            self._thread.start()
        self._orders.put(True)

    def _obey(self) -> None:
        while self._orders.get():
            with contextlib.suppress(OSError):  # it was closed meanwhile
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            with self._mutex:
                self._asked = False
                if self._closed:
                    return  # its number may be another file's by now
                if self._wanted:
                    self._wanted = False
                    self._got.set()
                else:
                    self.release()


@contextmanager
def locked(lock: FileLock, seconds: float = PATIENCE) -> Iterator[None]:
    """Hold the lock. Raises StoreError if somebody else holds it for longer than we wait: it may be tried again."""
    if not lock.acquire(seconds):
        raise StoreError("SQLite: another worker holds the database and does not let it go", reason="locked")
    try:
        yield
    finally:
        lock.release()
