"""certificate — one for each host, the same all the time, in a folder that goes with the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from xmppd.testing import certificate


def test_it_is_made_once_for_each_host() -> None:
    one, other = certificate.of_host("one.example"), certificate.of_host("other.example")
    before = one.read_bytes()
    assert one.parent == other.parent == certificate.folder()
    assert certificate.of_host("one.example").read_bytes() == before != other.read_bytes()


def test_it_goes_with_the_process() -> None:
    program = "from xmppd.testing import certificate; print(certificate.of_host('localhost'))"
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert made.stdout.strip().endswith("localhost.pem")
    assert not Path(made.stdout.strip()).parent.exists()
