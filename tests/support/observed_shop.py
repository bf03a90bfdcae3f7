"""observed_shop — docs/observed_shop.py as a process of its own, for who observes it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def open_shop(folder: Path) -> Iterator[Path]:
    """The socket of a shop that is open meanwhile."""
    path = folder / "shop.sock"
    command = [sys.executable, "docs/observed_shop.py", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as shop:
        try:
            assert shop.stdout is not None
            assert shop.stdout.readline() == "the shop is open\n"
            yield path
        finally:
            shop.terminate()
