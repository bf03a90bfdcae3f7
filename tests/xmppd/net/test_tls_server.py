"""Reloading certificates while the server runs."""

from pathlib import Path

from tests.support import node
from xmppd.net import tls_dev, tls_server
from xmppd.net.tls import TlsContexts


def test_reload_puts_new_certificates_in_place(tmp_path: Path) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)
    before = contexts.context()

    async def body() -> None:
        await tls_server.start_link(contexts)
        (tmp_path / "localhost.pem").write_bytes(tls_dev.make("localhost"))
        assert await tls_server.reload() is None
        assert contexts.context() is not before

    node.run(body)


def test_a_bad_certificate_is_said_and_not_used(tmp_path: Path) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)
    before = contexts.context()

    async def body() -> None:
        await tls_server.start_link(contexts)
        (tmp_path / "localhost.pem").write_text("nonsense")
        assert await tls_server.reload()
        assert contexts.context() is before

    node.run(body)
