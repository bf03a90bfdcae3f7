"""tls — the TLS contexts of the hosts, chosen by SNI, made again on reload.

OTP:      cf. ejabberd_pkix.erl (certificates) and fast_tls's options
Way:      sup → [tls] → net.transport (wrap) and stream.c2s (tls-server-end-point)
Process:  none: a value that the listeners of one worker share
XEP:      0368 (SNI and ALPN)
RFC:      6120 §13.7, 7590 §3 (TLS 1.2 and newer, no renegotiation), 5929 §4 (tls-server-end-point)
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import prep
from xmppd import metrics
from xmppd.net import certificate, tls_dev

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
# signatureAlgorithm OIDs (DER) whose hash is not SHA-256; MD5 and SHA-1 count as SHA-256, RFC 5929 §4.1
_HASHES: Final = {
    bytes.fromhex("2a864886f70d01010c"): "sha384",  # sha384WithRSAEncryption
    bytes.fromhex("2a864886f70d01010d"): "sha512",  # sha512WithRSAEncryption
    bytes.fromhex("2a8648ce3d040303"): "sha384",  # ecdsa-with-SHA384
    bytes.fromhex("2a8648ce3d040304"): "sha512",  # ecdsa-with-SHA512
}

#: the protocol of clients, where they ask for it; one that offers only others is served all the same. XEP: 0368 §3
_ALPN: Final = "xmpp-client"

_DAYS: Final = metrics.gauge(
    "xmppd_certificate_days", "days for which the certificate of a host is valid, less than none if it is not", host=()
)

CertificateOf = Callable[[str], tuple[Path, Path] | None]


@dataclass(frozen=True)
class HostTls:
    """What a host shows: its context, and the hash of its certificate that SCRAM-PLUS binds to, and until when
    that is valid, in seconds since 1970."""

    context: ssl.SSLContext
    end_point: bytes
    not_after: float = 0.0


class TlsContexts:
    """The contexts of all hosts. `reload()` reads the certificates again; sessions that run keep the old ones."""

    def __init__(
        self,
        hosts: Iterable[str],
        certificate_of: CertificateOf,
        certs: Path,
        min_version: str = "1.2",
        client_ca: Path | None = None,
    ) -> None:
        self._hosts = tuple(hosts)
        self._certificate_of = certificate_of
        self._certs = certs
        self._min_version = _VERSIONS[min_version]
        self._client_ca = client_ca
        self._by_host: dict[str, HostTls] = {}
        #: the same for those who are not asked for a certificate: whatever is no client of XMPP
        self.unasking = self if client_ca is None else TlsContexts(self._hosts, certificate_of, certs, min_version)
        self.reload()

    def reload(self, certificate_of: CertificateOf | None = None) -> None:
        """Read every certificate again, from other files if told so.

        Raises OSError, ValueError or ssl.SSLError with the old ones still in force.
        """
        where = certificate_of or self._certificate_of
        fresh = {host: self._load(host, where) for host in self._hosts}
        if self._client_ca is not None:
            self.unasking.reload(where)
        self._by_host, self._certificate_of = fresh, where
        _DAYS.reads[:] = [lambda: {host: _days(tls.not_after) for host, tls in fresh.items()}]

    def context(self, host: str | None = None) -> ssl.SSLContext:
        """The context to start a handshake with: that of `host`, or of the first host until SNI says more."""
        found = self._by_host.get(host) if host else None
        return (found or next(iter(self._by_host.values()))).context

    def end_point(self, context: ssl.SSLContext) -> bytes:
        """The tls-server-end-point bytes of the certificate that `context` showed; b"" after a reload changed it."""
        for tls in self._by_host.values():
            if tls.context is context:
                return tls.end_point
        return b""

    def _load(self, host: str, certificate_of: CertificateOf) -> HostTls:
        chain, key = certificate_of(host) or tls_dev.ensure(self._certs, host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self._min_version
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.num_tickets = 1
        context.set_alpn_protocols([_ALPN])
        context.load_cert_chain(chain, key)
        context.sni_callback = self._choose
        if self._client_ca is not None:
            _ask(context, self._client_ca)
        first = _first_certificate(chain)
        return HostTls(context, end_point(first), _not_after(first))

    def _choose(self, session: ssl.SSLSocket | ssl.SSLObject, name: str | None, _first: ssl.SSLContext) -> int | None:
        found = self._by_host.get(_host(name)) if name else None
        if found is not None:
            session.context = found.context
        return None


def _ask(context: ssl.SSLContext, ca: Path) -> None:
    """Clients may show a certificate that `ca` has signed, and that no list of revocations in the same file names. One
    that shows another does not get in: ssl of Python has no way to look at it nevertheless. Nothing is resumed, so that
    a certificate is looked at for each connection."""
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(ca)
    if "BEGIN X509 CRL" in ca.read_text("ascii", "replace"):
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET


def _not_after(der: bytes) -> float:
    """Until when a certificate is valid; 0 for one that only OpenSSL can read."""
    try:
        return certificate.read(ssl.DER_cert_to_PEM_cert(der))[0].not_after.timestamp()
    except ValueError:
        return 0.0


def _days(not_after: float) -> float:
    return (not_after - CLOCK.time()) / 86_400


def _host(name: str) -> str:
    """The host that SNI means: it speaks A-labels (RFC 6066 §3), hosts are U-labels."""
    try:
        return prep.domain(name)
    except prep.PrepError:
        return ""


def _first_certificate(chain: Path) -> bytes:
    text = chain.read_text("ascii", "replace")
    start = text.index("-----BEGIN CERTIFICATE-----")
    end = text.index("-----END CERTIFICATE-----", start) + len("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(text[start:end])


def end_point(der: bytes) -> bytes:
    """The tls-server-end-point value of a certificate: its hash, with the hash of its own signature. RFC 5929 §4.1."""
    return hashlib.new(_HASHES.get(_signature_oid(der), "sha256"), der).digest()


def _signature_oid(der: bytes) -> bytes:
    """The OID in Certificate.signatureAlgorithm: SEQUENCE { tbs SEQUENCE, SEQUENCE { OID … } … }."""
    body, _ = _enter(der, 0)
    tbs, tbs_length = _enter(der, body)
    algorithm, _ = _enter(der, tbs + tbs_length)
    oid, length = _enter(der, algorithm)
    return der[oid : oid + length]


def _enter(der: bytes, at: int) -> tuple[int, int]:
    """Where the contents of the DER element at `at` begin, and how long they are."""
    length = der[at + 1]
    if length < 0x80:
        return at + 2, length
    count = length & 0x7F
    return at + 2 + count, int.from_bytes(der[at + 2 : at + 2 + count], "big")
