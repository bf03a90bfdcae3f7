"""test_auth_jwt — tokens that are JWTs: only what the issuer has signed for us, and holds now, opens an account.

Way:  xmppd.auth.auth_jwt, alone and by the wire, against an issuer that this file plays
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from xmppd.auth import auth
from xmppd.auth.auth_jwt import PublishedKey, SignedTokens, claims, header_of, read_keys
from xmppd.auth.http_service import Endpoint
from xmppd.auth.issuer import Issuer
from xmppd.auth.service_fails import ServiceFails
from xmppd.testing.server import Server, serve

RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
ISSUER = "https://id.example"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": ["a", "xmpp.example"], "scope": "mail xmpp", "username": "juliet", "exp": 2**33,
}  # fmt: skip


def published(kid: str, public: Any, algorithm: Any, **more: Any) -> dict[str, Any]:
    return {**algorithm.to_jwk(public, as_dict=True), "kid": kid, **more}


KEYS = [
    published("r", RSA.public_key(), RSAAlgorithm), published("e", EC.public_key(), ECAlgorithm),
    published("d", ED.public_key(), OKPAlgorithm, alg="EdDSA", use="sig"),
    published("enc", RSA.public_key(), RSAAlgorithm, use="enc"),
    {"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
    {"kty": "RSA", "kid": "bad", "n": "!!", "e": "AQAB"},
]  # fmt: skip


def signed(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "r", header: Any = None, **said: Any) -> str:
    whole = {name: value for name, value in {**GOOD, **said}.items() if value is not None}
    heads = {**({"kid": kid} if kid is not None else {}), **(header or {})}
    return jwt.encode(whole, key, algorithm, headers=heads)


def by_hand(header: dict[str, Any], said: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token that no library makes."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, said)]
    text = b".".join(parts)
    return (text + b"." + base64.urlsafe_b64encode(sign(text)).rstrip(b"=")).decode()


PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Publisher:
    """An issuer: the keys that it publishes, its status, and how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = list(KEYS)
        self.status, self.asked, self.port = 200, 0, 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"GET /jwks HTTP/1.1\r\n"), head
        self.asked += 1
        await self.answers.wait()
        body = json.dumps({"keys": self.keys}).encode()
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n" % (self.status, len(body)) + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def publisher() -> AsyncIterator[Publisher]:
    it = Publisher()
    listening = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = listening.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        listening.close()


def at_a_server(body: Callable[[Server, Publisher], Any], **more: Any) -> None:
    async def all_() -> None:
        async with publisher() as it:
            told = {
                "oauth_keys": {"localhost": f"http://127.0.0.1:{it.port}/jwks"}, "oauth_issuer": ISSUER,
                "oauth_audience": "xmpp.example", "oauth_scope": "xmpp", "http_seconds": 30.0, **more,
            }  # fmt: skip
            async with serve(auth=told, hosts=("localhost", "other")) as server:
                await body(server, it)

    asyncio.run(all_())


async def owner(token: str) -> str:
    return await auth.token_owner(token, "localhost")


# -- whose a token is


def test_good_tokens_of_each_kind() -> None:
    async def body(server: Server, it: Publisher) -> None:
        assert await owner(signed()) == "juliet"
        assert await owner(signed(algorithm="PS256")) == "juliet"
        assert await owner(signed(EC, "ES256", "e")) == "juliet"
        assert await owner(signed(ED, "EdDSA", "d", username="Romeo@localhost")) == "romeo"
        assert await owner(signed(exp=time.time() + 100, nbf=time.time() - 100, aud="xmpp.example")) == "juliet"
        assert await auth.list_users("localhost") == ["juliet", "romeo"]
        assert it.asked == 1

    at_a_server(body)


BAD = {
    "another issuer": signed(iss="https://id.example.evil"), "no issuer": signed(iss=None),
    "another audience": signed(aud="mail"), "no audience": signed(aud=None), "an odd audience": signed(aud={"a": 1}),
    "no scope": signed(scope=None), "another scope": signed(scope="xmpps"),
    "over": signed(exp=1), "no end": signed(exp=None), "not yet": signed(nbf=2**33), "an odd end": signed(iat="soon"),
    "nobody": signed(username=None), "elsewhere": signed(username="juliet@other"), "no name": signed(username=["j"]),
    "another key": signed(OTHER), "an unknown key": signed(kid="x"), "no key named": signed(kid=None),
    "a key for secrets": signed(kid="enc"), "a damaged key": signed(kid="bad"),
    "a key of another kind": signed(kid="e"),
    "an algorithm that is not wanted": signed(algorithm="RS512"),
    "a shared secret": jwt.encode(
        GOOD, base64.urlsafe_b64decode("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="), "HS256", {"kid": "oct"}
    ),
    "a public key as a secret": by_hand(
        {"alg": "HS256", "kid": "r"}, GOOD, lambda text: hmac.digest(PEM, text, hashlib.sha256)
    ),
    "none": by_hand({"alg": "none", "kid": "r"}, GOOD, lambda text: b""),
    "None": by_hand({"alg": "None", "kid": "r"}, GOOD, lambda text: b""),
    "no algorithm": by_hand({"kid": "r"}, GOOD, lambda text: b""),
    "not signed": signed().rpartition(".")[0] + ".",
    "critical": signed(header={"crit": ["exp"], "exp": 1}),
    "its own key": signed(OTHER, kid="x", header={"jwk": KEYS[0]}),
}  # fmt: skip


def test_what_opens_nothing() -> None:
    async def body(server: Server, it: Publisher) -> None:
        opened = {why: found for why, token in BAD.items() if (found := await owner(token))}
        assert opened == {}
        changed = signed().split(".")
        changed[1] = base64.urlsafe_b64encode(json.dumps({**GOOD, "username": "romeo"}).encode()).rstrip(b"=").decode()
        assert await owner(".".join(changed)) == ""
        assert await owner("opaque") == ""
        assert await auth.list_users("localhost") == []
        assert it.asked == 1

    at_a_server(body)


@given(st.text(st.characters(codec="ascii"), max_size=60) | st.from_regex(r"\A[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{0,9}\Z"))
def test_any_text_has_an_answer(token: str) -> None:
    header_of(token)
    assert claims(token, PublishedKey("r", KEYS[0]), "RS256", ISSUER) == {}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"<html/>"])
def test_what_is_no_set_of_keys(document: bytes) -> None:
    with pytest.raises(ServiceFails):
        read_keys(document)


def test_which_keys_count() -> None:
    found = read_keys(json.dumps({"keys": [*KEYS, 1, {"kty": "RSA", "kid": 3}, {}]}).encode())
    assert [key.id for key in found] == ["r", "e", "d", "bad"]


def test_without_a_name_the_only_key_is_meant() -> None:
    async def body(server: Server, it: Publisher) -> None:
        it.keys = KEYS[:1]
        assert await owner(signed(kid=None)) == "juliet"

    at_a_server(body)


# -- where the keys come from


def test_keys_are_fetched_anew_but_not_for_whoever_asks() -> None:
    """A key of tomorrow is found, when the time between two looks is over; until then nobody makes us ask."""

    async def body() -> None:
        async with publisher() as it:
            issuer = Issuer(Endpoint(f"http://127.0.0.1:{it.port}/jwks"), ISSUER, ("RS256",), seconds=1000.0)
            tokens = SignedTokens(issuer)
            it.keys = KEYS[1:]
            for _ in range(20):
                assert await tokens._key("r") is None
            assert it.asked == 1
            it.keys = KEYS
            tokens._next_at -= 1000.0
            tokens._got_at -= 1000.0
            found = await asyncio.gather(*[tokens._key("r") for _ in range(20)])
            assert {key.id for key in found if key is not None} == {"r"}
            assert it.asked == 2

    asyncio.run(body())


def test_old_keys_do_when_the_issuer_fails_but_not_for_ever() -> None:
    async def body() -> None:
        async with publisher() as it:
            issuer = Issuer(Endpoint(f"http://127.0.0.1:{it.port}/jwks"), ISSUER, ("RS256",), seconds=100.0)
            tokens = SignedTokens(issuer)
            it.status = 500
            for _ in range(3):
                with pytest.raises(ServiceFails):
                    await tokens._key("r")
            assert it.asked == 1
            it.status, tokens._next_at = 200, float("-inf")
            assert await tokens._key("r") is not None
            it.status, tokens._next_at, tokens._got_at = 500, float("-inf"), tokens._got_at - 1000.0
            assert await tokens._key("r") is not None
            assert it.asked == 3
            tokens._next_at, tokens._got_at = float("-inf"), tokens._got_at - 3600.0
            with pytest.raises(ServiceFails):
                await tokens._key("r")

    asyncio.run(body())


def test_one_who_goes_away_while_keys_are_fetched_keeps_nobody_out() -> None:
    async def body() -> None:
        async with publisher() as it:
            tokens = SignedTokens(Issuer(Endpoint(f"http://127.0.0.1:{it.port}/jwks", seconds=30), ISSUER, ("RS256",)))
            it.answers.clear()
            gone = asyncio.ensure_future(tokens._key("r"))
            async with asyncio.timeout(30):
                while not it.asked:
                    await asyncio.sleep(0.01)
            gone.cancel()
            it.answers.set()
            assert await tokens._key("r") is not None

    asyncio.run(body())


# -- by the wire


def test_a_client_logs_in_by_a_signed_token() -> None:
    async def says(server: Server, token: str) -> str:
        client = await server.connect()
        features = await client.open()
        assert re.findall("<mechanism>([^<]*)</mechanism>", features)[-2:] == ["OAUTHBEARER", "PLAIN"]
        assert "urn:xmpp:fast:0" not in features
        text = base64.b64encode(f"n,,\x01auth=Bearer {token}\x01\x01".encode()).decode()
        client.send(f"<auth xmlns='{SASL}' mechanism='OAUTHBEARER'>{text}</auth>")
        return await client.expect("<success[^>]*>|<failure.*?</failure>|<challenge.*?</challenge>")

    async def body(server: Server, it: Publisher) -> None:
        it.status = 503
        assert "<temporary-auth-failure/>" in await says(server, signed())

    async def well(server: Server, it: Publisher) -> None:
        assert (await says(server, signed())).startswith("<success")
        assert "<challenge" in await says(server, signed(exp=1))
        assert "OAUTHBEARER" not in await (await server.connect()).open("other")

    at_a_server(body)
    at_a_server(well)
