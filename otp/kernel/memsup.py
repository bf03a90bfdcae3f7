"""memsup — how much memory this OS process has, and how much it may have.

OTP:      memsup of os_mon, without its process
Differs:  looks at this OS process and at what bounds it (control group, resource limits), not at the whole machine only
Process:  none: functions
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
from pathlib import Path
from typing import Final

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ROOT: Final = Path("/")
#: what version 1 writes where there is no limit is about 2**63
_NO_LIMIT: Final = 1 << 60


def resident(root: Path = _ROOT) -> int:
    """Bytes of this OS process that are in memory; where there is no /proc, the most that ever were."""
    try:
        return int((root / "proc/self/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def allowed(share: int = 1, root: Path = _ROOT) -> int:
    """Bytes that this OS process may have: one of `share` equal parts of what its control group allows, or of what the
    machine has if that is less; and no more than its own resource limits."""
    together = [limit for limit in (control_group(root), _machine()) if limit is not None]
    own = [soft for soft, _ in map(resource.getrlimit, (resource.RLIMIT_AS, resource.RLIMIT_DATA)) if soft > 0]
    return min([*[limit // max(share, 1) for limit in together], *own], default=_NO_LIMIT)


def control_group(root: Path = _ROOT) -> int | None:
    """The memory limit of this process's control group, or of one around it, in bytes; None where there is none."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                found += _limits_above(root / "sys/fs/cgroup" / controllers, path)
    return min((limit for limit in found if limit < _NO_LIMIT), default=None)


def _limits_above(mounted: Path, path: str) -> list[int]:
    """The limits of a group and of those it lies in."""
    name = "memory.limit_in_bytes" if mounted.name == "memory" else "memory.max"
    inside = Path(path.lstrip("/"))
    limits = []
    for group in (inside, *inside.parents):
        with contextlib.suppress(OSError, ValueError):  # "max"
            limits.append(int((mounted / group / name).read_text()))
    return limits


def _machine() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * _PAGE
    except (OSError, ValueError):
        return None


def trim() -> None:
    """Return to the machine what is free: collect garbage, and let the C library return whole pages."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # glibc has it
        ctypes.CDLL(None).malloc_trim(0)
