"""disk_room — the last of a disk is for deletions and for the log's way into the file, not for what is new.

OTP:      cf. disksup's almost_full alarm
Way:      sqlite_writer (before each commit) → [disk_room]
Process:  none
Differs:  on a disk that is full to the last octet SQLite cannot delete either, for a deletion is written as well: then
          messages that were delivered would be delivered again. So new rows are refused a little earlier
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from xmppd.store.backend import StoreError

#: octets that are kept: four times what SQLite's log has when it goes into the file; and which part of a disk at most
RESERVE: Final = 16 << 20
PART: Final = 4

_log = logging.getLogger("xmppd.store")


class DiskRoom:
    """The room on the disk that a file is on. `shortage` costs one statvfs, some 2 µs."""

    def __init__(self, path: str) -> None:
        self._folder = str(Path(path).absolute().parent)
        self._told = False

    def shortage(self) -> StoreError | None:
        """Why no new row is written; None if there is room. The log has the begin and the end."""
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            return None  # SQLite will say what is wrong
        left = disk.f_bavail * disk.f_frsize
        if left >= min(RESERVE, disk.f_blocks * disk.f_frsize // PART):
            if self._told:
                self._told = False
                _log.warning("the disk of %s has room again", self._folder)
            return None
        text = f"the disk of {self._folder} is full, but for {left / 1024**2:.1f} MiB that deletions need"
        if not self._told:
            self._told = True
            _log.critical("%s: nothing new is stored until there is room", text)
        return StoreError(text, reason="full")
