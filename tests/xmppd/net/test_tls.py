"""Contexts per host, chosen by SNI, and what SCRAM-PLUS binds to."""

import hashlib
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import make
from xmppd import metrics
from xmppd.net import tls, tls_dev
from xmppd.net.tls_session import TlsSession


def contexts(tmp_path: Path, *hosts: str) -> tls.TlsContexts:
    return tls.TlsContexts(hosts, lambda _host: None, tmp_path / "certs")


def handshake(server: TlsSession, name: str, ca: Path | None = None, offered: Sequence[str] = ()) -> ssl.SSLObject:
    """A client's side of the handshake, carried to its end without any socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if offered:
        context.set_alpn_protocols(offered)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    for _ in range(4):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            server.feed(outgoing.read())
            incoming.write(server.outgoing())
        else:
            server.feed(outgoing.read())
            return client
    raise AssertionError("no end of the handshake")


def test_each_host_shows_its_own_certificate(tmp_path: Path) -> None:
    both = contexts(tmp_path, "one.example", "two.example")
    for host in ("one.example", "two.example"):
        server = TlsSession(both.context())
        client = handshake(server, host, tmp_path / "certs" / f"{host}.pem")
        der = client.getpeercert(binary_form=True)
        assert der is not None
        assert both.end_point(server.context) == hashlib.sha256(der).digest()


@pytest.mark.parametrize(
    "name", ["xn--bcher-kva.example", "XN--Bcher-KVA.Example", "bücher.example", "xn--bcher-kva.example."]
)
def test_an_international_host_is_found_by_its_a_label(tmp_path: Path, name: str) -> None:
    both = contexts(tmp_path, "one.example", "bücher.example")
    for asked, host in ((name, "bücher.example"), ("xn--a", "one.example"), ("xn--bcher-kva.other", "one.example")):
        server = TlsSession(both.context())
        handshake(server, asked)
        assert server.context is both.context(host)


def test_its_development_certificate_names_the_a_label(tmp_path: Path) -> None:
    both = contexts(tmp_path, "one.example", "faß.example")
    client = handshake(TlsSession(both.context()), "xn--fa-hia.example", tmp_path / "certs" / "faß.example.pem")
    assert client.getpeercert()


@pytest.mark.parametrize("host", ["one.example", "two.example", "unknown.example"])
@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["xmpp-client"], "xmpp-client"),
        (["h2", "xmpp-client"], "xmpp-client"),
        (["xmpp-client", "xmpp-server"], "xmpp-client"),
        (["xmpp-server"], None),
        (["h2"], None),
        ([], None),
    ],
)
def test_the_protocol_of_clients_is_chosen_where_it_is_offered(
    tmp_path: Path, host: str, offered: list[str], chosen: str | None
) -> None:
    both = contexts(tmp_path, "one.example", "two.example")
    client = handshake(TlsSession(both.context()), host, offered=offered)
    assert client.selected_alpn_protocol() == chosen


def test_an_unknown_name_gets_the_first_host(tmp_path: Path) -> None:
    both = contexts(tmp_path, "one.example", "two.example")
    server = TlsSession(both.context())
    handshake(server, "three.example")
    assert server.context is both.context("one.example")


def test_a_development_certificate_is_made_once_and_kept_private(tmp_path: Path) -> None:
    contexts(tmp_path, "one.example")
    pem = tmp_path / "certs" / "one.example.pem"
    before = pem.read_bytes()
    assert pem.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in pem.parent.iterdir()] == [pem.name]
    contexts(tmp_path, "one.example")
    assert pem.read_bytes() == before


def test_reload_reads_the_new_certificate(tmp_path: Path) -> None:
    one = contexts(tmp_path, "one.example")
    before = one.context()
    (tmp_path / "certs" / "one.example.pem").write_bytes(tls_dev.make("one.example"))
    one.reload()
    assert one.context() is not before
    assert one.end_point(one.context()) != b""
    assert one.end_point(before) == b""


def test_a_reload_that_fails_leaves_the_old_ones(tmp_path: Path) -> None:
    one = contexts(tmp_path, "one.example")
    before = one.context()
    (tmp_path / "certs" / "one.example.pem").write_text("nonsense")
    with pytest.raises((ssl.SSLError, ValueError)):
        one.reload()
    assert one.context() is before


def test_old_versions_and_renegotiation_are_refused(tmp_path: Path) -> None:
    context = contexts(tmp_path, "one.example").context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize(
    ("algorithm", "name"), [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")]
)
def test_the_end_point_uses_the_hash_of_the_signature(algorithm: hashes.HashAlgorithm, name: str) -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, algorithm)
    )  # fmt: skip
    der = certificate.public_bytes(Encoding.DER)
    assert tls.end_point(der) == hashlib.new(name, der).digest()


def test_the_days_of_certificates_are_measured(tmp_path: Path) -> None:
    tls.TlsContexts(("localhost", "other.test"), lambda host: None, tmp_path)
    rows = dict(metrics.METRICS["xmppd_certificate_days"].sample()[4])
    assert set(rows) == {("localhost",), ("other.test",)}
    assert all(0 < days < 10_000 for days in rows.values())


def test_only_clients_are_asked_for_a_certificate(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(make("ca", authority=True).certificate)
    asking = tls.TlsContexts(("localhost",), lambda host: None, tmp_path, client_ca=ca)
    assert asking.context().verify_mode == ssl.CERT_OPTIONAL
    assert asking.unasking.context().verify_mode == ssl.CERT_NONE
    handshake(TlsSession(asking.context()), "localhost")
    before = asking.unasking.context()
    asking.reload()
    assert asking.unasking.context() is not before
    plain = contexts(tmp_path, "localhost")
    assert plain.unasking is plain
