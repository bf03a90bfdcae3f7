"""memory — the resident set of processes over time, and how fast it grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def rss(pid: int) -> int:
    """The resident set of a process in KiB; 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """The growth of (seconds, KiB) by least squares, in MiB an hour; 0 for fewer than two."""
    if len(samples) < 2:
        return 0.0
    mean_t = sum(t for t, _ in samples) / len(samples)
    mean_v = sum(v for _, v in samples) / len(samples)
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    if not spread:
        return 0.0
    return sum((t - mean_t) * (v - mean_v) for t, v in samples) / spread * 3600 / 1024
