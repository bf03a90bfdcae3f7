"""test_cmdline — what others see of an OS process.

Way:  otp.kernel.cmdline
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parents[3])
PROGRAM = """
import sys
sys.path.insert(0, {here!r})
from otp.kernel import cmdline
assert cmdline.overwrite({words!r})
print(open("/proc/self/cmdline").read().rstrip("\\0").split("\\0"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows it so")
def test_it_shows_what_was_written_and_cuts_what_is_too_long() -> None:
    def shown(*words: str) -> str:
        program = PROGRAM.format(here=HERE, words=list(words))
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.strip()

    assert shown("worker", "w1", "é") == "['worker', 'w1', 'é']"
    assert shown("x" * 100_000).startswith("['xxxx")
