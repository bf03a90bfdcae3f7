"""start — see test_release_handler__target_system."""

from __future__ import annotations

from pathlib import Path

import pytest

from otp.release import start


def test_without_arguments_or_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main([]) == 2
    assert start.main([str(tmp_path), "node"]) == 78
    assert capsys.readouterr().err.splitlines() == ["usage: start ROOT NODE [-flag value …]", "no release is permanent"]
