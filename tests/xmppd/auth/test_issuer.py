"""test_issuer — what a token must be: by itself nothing that is easy to forget is left out."""

from __future__ import annotations

from xmppd.auth.http_service import Endpoint
from xmppd.auth.issuer import Issuer


def test_where_its_keys_are_is_not_shown() -> None:
    issuer = Issuer(Endpoint("https://id.example/jwks?key=s3cret"), "https://id.example", ("ES256",))
    assert "s3cret" not in repr(issuer)
    assert (issuer.claim, issuer.seconds) == ("username", 300.0)
