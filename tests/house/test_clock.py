"""test_clock — what the server decides by a time it reads from CLOCK, so that a test can move that time.

A line that reads the machine's own time says why, after `# real time:`; `import time` says it for its file.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: the command line and what is shown to an operator tell of real time
SERVER = ("net", "auth", "store", "routing", "stream", "mods")
ROOMS = ("otp/erts", "otp/stdlib", *(f"apps/xmppd/{room}" for room in SERVER))
SOURCES = sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))
SOURCES += sorted((ROOT / "apps" / "xmppd").glob("*.py"))
READS = re.compile(
    r"^import time\b|^from time import (?!perf_counter$)"
    r"|\bloop\.(time|call_later|call_at)\(|\bdatetime\.(now|utcnow|today)\("
)
KEPT = re.compile(r"=\s*CLOCK\.\w+\s*(,|\)|$)|import .*\bCLOCK as\b")


def faults(text: str) -> list[str]:
    """The lines that read real time and do not say why, or keep a clock's function that would not move."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{n}: {s.strip()}" for n, s in lines if (READS.search(s) and "# real time: " not in s) or KEPT.search(s)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_time_is_read_from_the_clock(path: Path) -> None:
    assert not faults(path.read_text(encoding="utf-8")), "read CLOCK of otp/erts/clock.py, start timers by TIMERS.after"


def test_the_check_would_find_a_fault() -> None:
    for line in (
        "import time",
        "from time import monotonic",
        "    timer = THIS.loop.call_later(1, fn)",
        "    now = datetime.now(UTC)",
        "def __init__(self, read=CLOCK.time_ns) -> None:",
    ):
        assert faults(line), line
    for line in ("from time import perf_counter", "import time  # real time: a test", "now = CLOCK.monotonic()"):
        assert not faults(line), line
