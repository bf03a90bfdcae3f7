"""test_go_sendxmpp — a client that is not Python (Debian's go-sendxmpp) logs in over TLS and sends."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings

import pytest

from tests.support.booted import Booted
from tests.support.room_owner import RoomOwner
from tests.support.wire import CLIENT, local


@pytest.fixture
def client() -> str:
    """The program; where it is not installed, say so aloud instead of passing in silence."""
    found = shutil.which("go-sendxmpp")
    if found is None:
        warnings.warn("go-sendxmpp is not installed: no client in another language was tried", stacklevel=1)
        pytest.skip("go-sendxmpp is not installed")
    return found


@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_a_go_client_sends_over_tls_that_it_checks(server: Booted, client: str, way: str) -> None:
    romeo, juliet = server.client("romeo").online(), server.account("juliet", "wherefore")
    port, options = (server.tls, []) if way == "starttls" else (server.direct, ["-t"])
    done = subprocess.run(
        [client, "-u", f"{juliet}@localhost", "-p", "wherefore", "-j", f"127.0.0.1:{port}", *options, romeo.bare],
        input="art thou not Romeo?\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "SSL_CERT_FILE": str(server.ca())},
    )
    assert done.returncode == 0, done.stderr
    message = romeo.next()
    assert message.attrib["from"].startswith(f"{juliet}@localhost/")
    assert message.findtext(f"{{{CLIENT}}}body", "").strip() == "art thou not Romeo?"


def test_it_speaks_in_a_room(server: Booted, client: str) -> None:
    romeo, juliet = server.client("romeo").online(), server.account("juliet", "wherefore")
    room = f"go{juliet}@conference.localhost"
    owner = RoomOwner(romeo, room)
    done = subprocess.run(
        [client, "-u", f"{juliet}@localhost", "-p", "wherefore", "-j", f"127.0.0.1:{server.tls}", "-c", room],
        input="art thou not Romeo?\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "SSL_CERT_FILE": str(server.ca())},
    )
    assert done.returncode == 0, done.stderr
    heard = owner.until(lambda one: local(one) == "message" and one.find(f"{{{CLIENT}}}body") is not None)
    assert heard.attrib["from"].startswith(f"{room}/")
    assert heard.findtext(f"{{{CLIENT}}}body", "").strip() == "art thou not Romeo?"
