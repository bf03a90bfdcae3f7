"""test_dev_certs — development certificates made beside the server.

Way:  xmppd.node.dev_certs
"""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from xmppd.commands import CommandError
from xmppd.config.load import load
from xmppd.node import dev_certs


def test_what_is_missing_is_made_once(tmp_path: Path) -> None:
    config = load(None, tmp_path, {}, {"hosts": "localhost, other.example"})
    assert dev_certs.ensure(config) == ["localhost", "other.example"]
    assert dev_certs.ensure(config) == []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.paths.certs / "other.example.pem")


def test_none_without_tls(tmp_path: Path) -> None:
    (tmp_path / "xmppd.toml").write_text("[[listen]]\ntls = 'off'\n")
    assert dev_certs.ensure(load(None, tmp_path, {})) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "certs").write_text("a file")
    with pytest.raises(CommandError, match="no development certificate"):
        dev_certs.ensure(load(None, tmp_path, {}))
