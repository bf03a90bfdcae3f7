"""cmdline — the command line by which others see this OS process (ps, /proc): a forked one has its own.

OTP:      none; cf. setproctitle(3) of BSD
Differs:  Linux only; the new one is cut where the old one ended, for it is written in its place
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Final

#: of /proc/self/stat behind the name in brackets: arg_start and arg_end (proc(5): 48 and 49 of all)
_FIELDS: Final = slice(45, 47)


def overwrite(words: Sequence[str]) -> bool:
    """Show `words` from now on; False where that cannot be."""
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
            start, end = map(int, file.read().rpartition(") ")[2].split()[_FIELDS])
    except (OSError, ValueError):
        return False
    size = end - start
    if start <= 0 or size <= 0:
        return False
    text = b"\0".join(map(os.fsencode, words))[: size - 1]
    # it is this process's own memory, written by the kernel when the program began, and read by nobody here
    ctypes.memmove(start, text.ljust(size, b"\0"), size)
    return True
