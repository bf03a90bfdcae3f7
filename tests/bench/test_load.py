"""test_load — the load generator, with stream management in its clients and without: every delivery is checked."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.booted import Booted

HERE = Path(__file__).parent / "load"


def can_build() -> bool:
    """Whether there is a compiler, and OpenSSL for it."""
    if shutil.which("gcc") is None or shutil.which("make") is None:
        return False
    probe = ["gcc", "-E", "-include", "openssl/ssl.h", "-x", "c", "/dev/null"]
    return not subprocess.run(probe, capture_output=True, check=False).returncode


pytestmark = pytest.mark.skipif(not can_build(), reason="no gcc, make and libssl-dev here")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    subprocess.run(["make", "-s", "-C", str(HERE)], check=True)
    with Booted.start(tmp_path_factory.mktemp("load"), workers=2) as booted:
        yield booted


def phases(server: Booted, *words: str) -> dict[str, dict[str, Any]]:
    """What one run says, by phase."""
    command = [str(HERE / "build" / "xload"), "--port", str(server.plain), "--pids", str(server.process.pid), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {told["phase"]: told for told in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("sm", [0, 3])
def test_chat_is_delivered_and_counted(server: Booted, sm: int) -> None:
    found = phases(
        server, "--workload", "w2", "--users", "10", "--msgs", "200", "--prefix", f"w{'x' * sm}", "--sm", str(sm)
    )
    told = found["max"]
    assert (told["ops"], told["lost"], told["bad"], told["err"], told["dead"]) == (200, 0, 0, 0, 0), told
    if sm:
        assert told["sm_on"] == 10
        assert told["sm_asked"] >= 10
        assert told["sm_acks"] > 0
        assert told["sm_requests"] > 0
    else:
        assert "sm_on" not in told
