"""fixtures — a suite of somebody else that names the plugin has the fixture, and may say how its server is set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["xmppd.testing.fixtures"]\n'
SUITE = """
import pytest

pytestmark = pytest.mark.xmppd(hosts=("example.org",), limits={"resources": 1})


def test_as_the_file_says(xmppd):
    assert xmppd.domain == "example.org"
    first = xmppd.client("alice")
    xmppd.client("alice")
    assert "too many sessions" in first.gone()


@pytest.mark.xmppd(hosts=("other.example",), modules={"mod_ping": False})
def test_as_the_test_says_for_itself(xmppd):
    assert xmppd.domain == "other.example"
    answer = xmppd.client("alice").ask("<iq type='get' id='p' to='other.example'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert answer.get("type") == "error"


@pytest.mark.xmppd(nonsense=True)
def test_of_a_setting_that_is_not_one(xmppd):
    pass
"""


def test_a_suite_that_names_the_plugin_has_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_bot.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    assert "2 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "nonsense" in done.stdout
