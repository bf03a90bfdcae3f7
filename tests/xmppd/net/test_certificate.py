"""test_certificate — what stands in certificates, and whether chain and key fit.

Way:  xmppd.net.certificate
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import address, encrypted, make
from xmppd.net import certificate, tls_dev


def test_what_another_library_wrote_is_read() -> None:
    by = make("ca.example")
    made = make("a.example", "*.b.example", "192.0.2.7", "2001:db8::1", by=by)
    own, signer = certificate.read(f"words before\n{made.certificate}words between\n{by.certificate}")
    parsed = x509.load_pem_x509_certificate(made.certificate.encode())
    assert own.names == ("a.example", "*.b.example", "192.0.2.7", "2001:db8::1")
    assert (own.not_before, own.not_after) == (parsed.not_valid_before_utc, parsed.not_valid_after_utc)
    assert own.issuer == signer.subject == signer.issuer
    assert own.subject != signer.subject


def test_dates_of_all_times() -> None:
    far = certificate.read(make("a", ends=365 * 40).certificate)[0]  # after 2050: another type of ASN.1
    assert far.not_after > datetime(2060, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "host", "good"),
    [
        (("a.example",), "a.example", True),
        (("a.example",), "A.Example.", True),
        (("a.example",), "b.a.example", False),
        (("*.example",), "a.example", True),
        (("*.example",), "example", False),
        (("*.example",), "b.a.example", False),
        (("xn--bcher-kva.example",), "bücher.example", True),
        (("xn--fa-hia.example",), "faß.example", True),
        (("192.0.2.7",), "192.0.2.7", True),
        (("2001:db8::1",), "[2001:db8:0::1]", True),
        (("127.0.0.1",), "localhost", False),
    ],
)
def test_whom_it_is_for(names: tuple[str, ...], host: str, good: bool) -> None:
    assert certificate.read(make(*names).certificate)[0].is_for(host) is good


def test_names_of_xmpp_and_the_common_name() -> None:
    text = b"_xmpp-client.a.example"
    srv = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), bytes([0x16, len(text)]) + text)
    addr = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5"), b"\x0c\x09b.example")
    made = certificate.read(make("c.example", others=(srv, addr)).certificate)[0]
    assert set(made.names) == {"c.example", "a.example", "b.example"}
    bare = x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01x")
    assert certificate.read(make(others=(bare,)).certificate)[0].names == ("nobody",)


def test_a_development_certificate_is_for_its_host() -> None:
    for host in ("localhost", "bücher.example", "127.0.0.1"):
        assert certificate.read(tls_dev.make(host).decode())[0].is_for(host)


@given(st.data())
def test_a_damaged_one_is_told_and_nothing_else_happens(data: st.DataObject) -> None:
    pem = _DEV
    at = data.draw(st.integers(0, len(pem) - 1))
    size = data.draw(st.integers(0, 60))
    damaged = pem[:at] + data.draw(st.text(alphabet="AZaz09+/= \n-", max_size=20)) + pem[at + size :]
    try:
        said = "" if certificate.read(damaged) else "none"
    except ValueError as error:
        said = str(error)
    assert said in ("", "holds no certificate", "holds a damaged certificate", "ends in the middle of a certificate")


_DEV = make("localhost").certificate


def test_chain_and_key(tmp_path: Path) -> None:
    one, other = make("a"), make("b")
    files = {
        "a.pem": one.certificate + one.key, "a.crt": one.certificate, "b.key": other.key, "locked.key": encrypted(one),
        "bad.key": "no key\n", "empty.key": "",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    pem, chain = tmp_path / "a.pem", tmp_path / "a.crt"
    assert certificate.misfit(pem, pem) == ""
    assert certificate.misfit(chain, pem) == ""
    assert certificate.misfit(chain, tmp_path / "b.key") == f"{tmp_path}/b.key does not belong to {chain}"
    for name in ("a.crt", "bad.key", "empty.key"):
        assert certificate.misfit(chain, tmp_path / name) == f"{tmp_path / name} holds no private key"
    assert "is encrypted" in certificate.misfit(chain, tmp_path / "locked.key")
    with pytest.raises(FileNotFoundError):
        certificate.misfit(chain, tmp_path / "none")


def test_whose_it_is() -> None:
    others = (address("juliet@capulet.example"), address("nurse@capulet.example"))
    made = certificate.read(make("Juliet", others=others).certificate)[0]
    assert made.addresses == ("juliet@capulet.example", "nurse@capulet.example")
    assert made.common_names == ("Juliet",)
    assert certificate.read(make("c.example").certificate)[0].addresses == ()
