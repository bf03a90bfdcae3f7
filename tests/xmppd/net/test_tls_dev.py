"""The certificate that a first start makes."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from xmppd.net import tls_dev


def names(pem: bytes) -> x509.SubjectAlternativeName:
    certificate = x509.load_pem_x509_certificate(pem)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_it_names_the_host_and_what_is_below_it() -> None:
    assert names(tls_dev.make("localhost")).get_values_for_type(x509.DNSName) == ["localhost", "*.localhost"]


def test_an_international_name_is_written_in_ascii() -> None:
    assert "xn--bcher-kva.example" in names(tls_dev.make("bücher.example")).get_values_for_type(x509.DNSName)


def test_an_address_is_named_as_an_address() -> None:
    assert [str(a) for a in names(tls_dev.make("127.0.0.1")).get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_a_host_that_is_no_file_name_gets_one(tmp_path: Path) -> None:
    chain, key = tls_dev.ensure(tmp_path, "[2001:db8::1]")
    assert chain == key == tmp_path / "_2001_db8__1_.pem"
