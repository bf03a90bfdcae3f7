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

#: a fixture of one's own, for a plugin that runs async tests
ASYNC = """
import pytest
from xmppd.testing.server import serve

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def server():
    async with serve() as running:
        yield running


@pytest.mark.parametrize("again", [1, 2])
async def test_a_ping(server, again):
    alice = await server.client("alice")
    answer = await alice.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    await server.clock.advance(3600)
    assert answer.get("type") == "result"
    assert not alice.closed
"""


def passed(tmp_path: Path, suite: str) -> str:
    """What pytest says of a suite."""
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_bot.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    return done.stdout + done.stderr


def test_a_suite_that_names_the_plugin_has_it(tmp_path: Path) -> None:
    said = passed(tmp_path, SUITE)
    assert "2 passed, 1 error" in said
    assert "nonsense" in said


def test_a_fixture_for_async_tests_is_made_of_serve(tmp_path: Path) -> None:
    assert "2 passed" in passed(tmp_path, ASYNC)
