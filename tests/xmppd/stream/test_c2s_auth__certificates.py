"""Clients that log in by a certificate (SASL EXTERNAL), over TLS.

Way:  xmppd.stream.c2s_auth, xmppd.net.tls, by the wire
XEP:  0178 §2
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import datetime
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.support.certificates import Made, address, make
from xmppd.auth import auth
from xmppd.config.schema import Listen
from xmppd.testing import settings
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve_config

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
CA = make("ca", authority=True)


def file(folder: Path, made: Made) -> Path:
    path = folder / f"{id(made)}.pem"
    path.write_text(made.certificate + made.key, encoding="ascii")
    return path


def play(
    tmp_path: Path,
    body: Callable[[Server], Awaitable[None]],
    *,
    tls: str = "required",
    revoked: tuple[Made, ...] = (),
    **more: Any,
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(CA.certificate + (revocations(revoked) if revoked else ""), encoding="ascii")

    async def all_() -> None:
        config = settings.config({"auth": {"client_ca": str(ca), **more}, "tls": True, "hosts": ("localhost", "other")})
        config = dataclasses.replace(config, listen=(Listen(port=0, tls=tls),))
        async with serve_config(config) as server:
            for jid in ("juliet@localhost", "nurse@localhost", "romeo@localhost", "juliet@other"):
                await server.account(jid)
            await body(server)

    asyncio.run(all_())


def revocations(revoked: tuple[Made, ...]) -> str:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.name)
    builder = builder.last_update(now - datetime.timedelta(1)).next_update(now + datetime.timedelta(9))
    for made in revoked:
        serial = x509.load_pem_x509_certificate(made.certificate.encode()).serial_number
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        builder = builder.add_revoked_certificate(one)
    return builder.sign(CA.private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


async def connected(server: Server, own: Path | None, to: str = "localhost") -> tuple[Client, str]:
    """A client after TLS, and the features it is offered."""
    client = await server.connect()
    if server.config.listen[0].tls == "required":
        assert "EXTERNAL" not in await client.open(to)
        client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        await client.expect("<proceed[^>]*>")
    await client.start_tls(to, own=own)
    return client, await client.open(to)


async def says(client: Client, authzid: str | None = "") -> str:
    text = "" if authzid is None else (base64.b64encode(authzid.encode()).decode() or "=")
    client.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>{text}</auth>")
    return await client.expect("<success[^>]*>|<failure.*?</failure>|<challenge[^>]*>")


@pytest.mark.parametrize("tls", ["required", "direct"])
def test_the_address_in_the_certificate_logs_in(tmp_path: Path, tls: str) -> None:
    async def body(server: Server) -> None:
        own = file(tmp_path, make("someone", by=CA, others=[address("juliet@localhost")]))
        client, features = await connected(server, own)
        assert features.index(">EXTERNAL<") < features.index(">SCRAM-SHA-512-PLUS<")
        assert (await says(client)).startswith("<success")
        assert await client.bind("balcony") == "juliet@localhost/balcony"

    play(tmp_path, body, tls=tls)


def test_without_a_certificate_all_is_as_it_was(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        client, features = await connected(server, None)
        assert "EXTERNAL" not in features
        assert "<invalid-mechanism/>" in await says(client)
        assert await (await server.client("romeo")).close() is None

    play(tmp_path, body)


def test_it_is_asked_for_the_identity_if_it_sends_nothing(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        client, _ = await connected(server, file(tmp_path, make(by=CA, others=[address("juliet@localhost")])))
        assert (await says(client, None)).startswith("<challenge")
        client.send(f"<response xmlns='{SASL}'>{base64.b64encode(b'juliet@localhost').decode()}</response>")
        await client.expect("<success[^>]*>")

    play(tmp_path, body)


def test_in_one_step_as_well(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        client, _ = await connected(server, file(tmp_path, make(by=CA, others=[address("juliet@localhost")])))
        client.send(
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='EXTERNAL'><initial-response/>"
            "<bind xmlns='urn:xmpp:bind:0'/></authenticate>"
        )
        assert "juliet@localhost/" in await client.expect("<success.*?</success>")

    play(tmp_path, body)


@pytest.mark.parametrize(("addresses", "authzid", "answer"), [
    (["juliet@localhost", "nurse@localhost"], "nurse@localhost", "<success"),
    (["juliet@localhost", "nurse@localhost"], "", "<invalid-authzid/>"),
    (["juliet@localhost"], "romeo@localhost", "<invalid-authzid/>"),
    (["juliet@localhost"], "juliet@localhost/balcony", "<invalid-authzid/>"),
    (["juliet@localhost", "juliet@other"], "", "<success"),
    (["juliet@other"], "", "<not-authorized/>"),
    (["nobody@localhost"], "", "<not-authorized/>"),
    ([], "", "<not-authorized/>"),
])  # fmt: skip
def test_whom_it_may_be(tmp_path: Path, addresses: list[str], authzid: str, answer: str) -> None:
    async def body(server: Server) -> None:
        own = file(tmp_path, make("juliet", by=CA, others=[address(one) for one in addresses]))
        client, features = await connected(server, own)
        assert ">EXTERNAL<" in features
        assert answer in await says(client, authzid)

    play(tmp_path, body)


def test_by_the_common_name_where_that_is_configured(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        client, _ = await connected(server, file(tmp_path, make("nurse", by=CA)))
        assert (await says(client)).startswith("<success")
        client, _ = await connected(server, file(tmp_path, make("Juliet Capulet", by=CA, others=[x509.DNSName("x.y")])))
        assert (await says(client, "juliet@localhost")).startswith("<success")

    play(tmp_path, body, client_names="common-name", client_accounts={"Juliet Capulet": "juliet@localhost"})


def test_an_account_that_is_disabled(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        await auth.set_disabled("juliet", "localhost", True)
        client, _ = await connected(server, file(tmp_path, make(by=CA, others=[address("juliet@localhost")])))
        assert "<account-disabled/>" in await says(client)

    play(tmp_path, body)


@pytest.mark.parametrize("wrong", ["of somebody else", "expired", "revoked", "its own"])
def test_a_certificate_that_is_not_good_opens_nothing(tmp_path: Path, wrong: str) -> None:
    others = [address("juliet@localhost")]
    made = {
        "of somebody else": make(by=make("ca", authority=True), others=others),
        "expired": make(by=CA, others=others, begins=-9, ends=-1),
        "revoked": make(by=CA, others=others),
        "its own": make(others=others),
    }[wrong]

    async def body(server: Server) -> None:
        with pytest.raises(Exception, match=r"(?i)alert|no TLS|did not come|unknown ca|revoked|expired|closed"):
            await connected(server, file(tmp_path, made))
        good = make(by=CA, others=others)
        client, _ = await connected(server, file(tmp_path, good))
        assert (await says(client)).startswith("<success")

    play(tmp_path, body, revoked=(made,) if wrong == "revoked" else ())
