"""test_scram — whole exchanges with scramp as the client, and every way a client can be wrong."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient, ScramException

from xmpp_core.sasl import mechanisms, scram_keys
from xmpp_core.sasl.base import (
    END_POINT,
    Challenge,
    Failure,
    NeedKeys,
    SaslContext,
    ScramKeys,
    Step,
    Success,
)
from xmpp_core.sasl.scram import Scram

BINDING = b"hash of the certificate"
CONTEXT = SaslContext("localhost", secret=b"s" * 16, nonce="server-nonce", iterations=4096)
BOUND = replace(CONTEXT, channel_binding=BINDING, plus_offered=True)
HASHES = list(scram_keys.DIGEST_SIZE)
KEYS = {name: scram_keys.derive(name, "pencil", b"0123456789abcdef", 4096) for name in HASHES}


def start(hash_name: str = "SHA-256", plus: bool = False, context: SaslContext = CONTEXT) -> Scram:
    return Scram(context, hash_name, plus)


def begin(scram: Scram, first: str, keys: ScramKeys | None = KEYS["SHA-256"]) -> Step:
    """client-first, and the look-up if it comes to one."""
    outcome = scram.step(first.encode())
    return scram.answer(keys) if isinstance(outcome, NeedKeys) else outcome


def final(first_bare: str, challenge: Step, gs2: str = "n,,", binding: bytes = b"", password: str = "pencil") -> str:
    """An honest client-final for SHA-256, made by hand."""
    assert isinstance(challenge, Challenge)
    server_first = challenge.data.decode()
    nonce = server_first.split(",")[0]
    without = f"c={b64encode(gs2.encode() + binding).decode()},{nonce}"
    message = f"{first_bare},{server_first},{without}".encode()
    return f"{without},p={b64encode(proof(message, password)).decode()}"


def proof(message: bytes, password: str) -> bytes:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), KEYS["SHA-256"].salt, 4096)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    return bytes(a ^ b for a, b in zip(client_key, signature, strict=True))


def condition(outcome: Step) -> str:
    assert isinstance(outcome, Failure), outcome
    return outcome.condition


# another implementation as the client


@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("plus", [False, True])
def test_a_whole_exchange(hash_name: str, plus: bool) -> None:
    name = f"SCRAM-{hash_name}" + ("-PLUS" if plus else "")
    client = ScramClient([name], "Juliet", "pencil", channel_binding=(END_POINT, BINDING) if plus else None)
    server = start(hash_name, plus, BOUND if plus else CONTEXT)
    assert server.step(client.get_client_first().encode()) == NeedKeys("juliet", hash_name)
    challenge = server.answer(KEYS[hash_name])
    assert isinstance(challenge, Challenge)
    client.set_server_first(challenge.data.decode())
    outcome = server.step(client.get_client_final().encode())
    assert isinstance(outcome, Success)
    assert outcome.username == "juliet"
    client.set_server_final((outcome.data or b"").decode())  # raises if the server's signature is wrong


def test_a_wrong_password_fails_at_the_proof() -> None:
    client = ScramClient(["SCRAM-SHA-256"], "juliet", "wrong")
    server = start()
    challenge = begin(server, client.get_client_first())
    assert isinstance(challenge, Challenge)
    client.set_server_first(challenge.data.decode())
    assert server.step(client.get_client_final().encode()) == Failure("not-authorized", "juliet")


def test_a_server_that_has_other_keys_is_found_out_by_the_client() -> None:
    client = ScramClient(["SCRAM-SHA-256"], "juliet", "pencil")
    server = start()
    challenge = begin(server, client.get_client_first(), replace(KEYS["SHA-256"], server_key=b"x" * 32))
    assert isinstance(challenge, Challenge)
    client.set_server_first(challenge.data.decode())
    outcome = server.step(client.get_client_final().encode())
    assert isinstance(outcome, Success)
    with pytest.raises(ScramException):
        client.set_server_final((outcome.data or b"").decode())


# unknown users


def test_an_unknown_user_sees_what_a_known_one_sees() -> None:
    challenges = [begin(start(), "n,,n=nobody,r=abc", None) for _ in range(2)]
    assert challenges[0] == challenges[1]
    assert isinstance(challenges[0], Challenge)
    assert challenges[0].data.endswith(b",i=4096")
    server = start()
    challenge = begin(server, "n,,n=nobody,r=abc", None)
    assert server.step(final("n=nobody,r=abc", challenge).encode()) == Failure("not-authorized", "nobody")


def test_two_unknown_users_have_different_salts() -> None:
    salts = [begin(start(), f"n,,n={name},r=abc", None) for name in ("nobody", "noone")]
    assert salts[0] != salts[1]


# channel binding


def test_y_fails_where_plus_is_offered_and_passes_where_it_is_not() -> None:
    assert condition(begin(start(context=BOUND), "y,,n=juliet,r=abc")) == "not-authorized"
    server = start()
    challenge = begin(server, "y,,n=juliet,r=abc")
    assert isinstance(server.step(final("n=juliet,r=abc", challenge, "y,,").encode()), Success)


def test_p_under_a_name_without_plus_is_refused() -> None:
    assert condition(begin(start(context=BOUND), f"p={END_POINT},,n=juliet,r=abc")) == "malformed-request"


@pytest.mark.parametrize("flag", ["n", "y", "p=tls-unique", "p=tls-exporter"])
def test_plus_wants_the_binding_it_offered(flag: str) -> None:
    assert condition(begin(start(plus=True, context=BOUND), f"{flag},,n=juliet,r=abc")) == "malformed-request"


def test_plus_without_binding_data_is_refused() -> None:
    server = start(plus=True)
    assert condition(begin(server, f"p={END_POINT},,n=juliet,r=abc")) == "not-authorized"


@pytest.mark.parametrize(("gs2", "binding"), [
    ("n,,", b""), ("y,,", b""), (f"p={END_POINT},,", b""), (f"p={END_POINT},,", b"another certificate"),
])  # fmt: skip
def test_c_is_compared_octet_by_octet(gs2: str, binding: bytes) -> None:
    server = start(plus=True, context=BOUND)
    challenge = begin(server, f"p={END_POINT},,n=juliet,r=abc")
    assert condition(server.step(final("n=juliet,r=abc", challenge, gs2, binding).encode())) == "not-authorized"


def test_c_is_compared_also_without_binding() -> None:
    server = start()
    challenge = begin(server, "n,,n=juliet,r=abc")
    assert condition(server.step(final("n=juliet,r=abc", challenge, "y,,").encode())) == "not-authorized"


# names


def test_an_authzid_of_ones_own_is_part_of_c() -> None:
    server = start()
    challenge = begin(server, "n,a=juliet@localhost,n=juliet,r=abc")
    gs2 = "n,a=juliet@localhost,"
    assert isinstance(server.step(final("n=juliet,r=abc", challenge, gs2).encode()), Success)


@pytest.mark.parametrize("authzid", ["admin@localhost", "juliet", "victim"])
def test_an_authzid_of_somebody_else_is_refused(authzid: str) -> None:
    assert condition(begin(start(), f"n,a={authzid},n=juliet,r=abc")) == "invalid-authzid"


def test_escapes_in_a_name() -> None:
    assert start().step(b"n,,n=a=3Db=2Cc,r=abc") == NeedKeys("a=b,c", "SHA-256")


# what is malformed


@pytest.mark.parametrize("first", [
    b"", b"n", b"n,,", b"n,,n=juliet", b"n,,r=abc,n=juliet", b"n,,n=,r=abc", b"n,,n=juliet,r=", b"n,,n=ju=liet,r=abc",
    b"n,,n=a=3=2CD,r=abc", b"n,,m=x,n=juliet,r=abc", b"n,,n=juliet,r=abc,m=x", b"n,,n=juliet,r=abc,r=abc",
    b"x,,n=a,r=b",
    b"p=,,n=a,r=b", b"n,b=c,n=a,r=b", b"n,,n=juliet,r=a\x7fb", b"n,,n=juliet,r=\xc3\xa9", b"n,,n=\xff,r=abc",
    b"n,,n=a\0b,r=abc", b"n,,n=\x07,r=abc",
])  # fmt: skip
def test_a_malformed_first_message(first: bytes) -> None:
    assert condition(start().step(first)) == "malformed-request"


@pytest.mark.parametrize("last", [
    b"", b"p=", b"c=biws", b"c=biws,r=x", b"r=x,c=biws,p=AA==", b"c=biws,r=abcserver-nonce,p=!", b"c=biws,r=x,p=AA=",
    b"c=biws,c=biws,p=AA==", b"c=biws,r=x,m=y,p=AA==", b"\xff",
])  # fmt: skip
def test_a_malformed_final_message(last: bytes) -> None:
    server = start()
    begin(server, "n,,n=juliet,r=abc")
    assert condition(server.step(last)) == "malformed-request"


@pytest.mark.parametrize("last", [
    b"c=biws,r=abc,p=AA==", b"c=biws,r=abcserver-nonce,p=AA==", b"c=biwt,r=abcserver-nonce,p=AA==",
])  # fmt: skip
def test_a_wrong_final_message(last: bytes) -> None:
    server = start()
    begin(server, "n,,n=juliet,r=abc")
    assert condition(server.step(last)) == "not-authorized"


def test_only_one_spelling_of_a_proof_is_base64() -> None:
    server = start()
    honest = final("n=juliet,r=abc", begin(server, "n,,n=juliet,r=abc"))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(honest[-2]) + 1]  # the two bits that carry nothing
    assert condition(server.step(f"{honest[:-2]}{other}=".encode())) == "malformed-request"


def test_without_an_initial_response_it_asks() -> None:
    assert start().step(None) == Challenge(b"")


def test_an_answer_to_no_question_is_a_failure() -> None:
    assert condition(start().answer(KEYS["SHA-256"])) == "malformed-request"


@given(st.lists(st.binary(max_size=40), max_size=3))
def test_nothing_raises_and_nothing_gets_in(messages: list[bytes]) -> None:
    server = start()
    for message in messages:
        outcome = server.step(message)
        outcome = server.answer(KEYS["SHA-256"]) if isinstance(outcome, NeedKeys) else outcome
        assert not isinstance(outcome, Success)


@given(st.integers(0, 400), st.integers(1, 255))
def test_one_wrong_octet_anywhere_is_enough(position: int, change: int) -> None:
    server = start()
    challenge = begin(server, "n,,n=juliet,r=abc")
    honest = bytearray(final("n=juliet,r=abc", challenge).encode())
    honest[position % len(honest)] ^= change
    outcome = server.step(bytes(honest))
    assert isinstance(outcome, Failure)


@pytest.mark.parametrize("bindings", [(), (END_POINT,)])
def test_the_list_of_what_was_offered_is_signed_along(bindings: tuple[str, ...]) -> None:
    offered = mechanisms.list_of(("SCRAM-SHA-256", "PLAIN", "SCRAM-SHA-1"), bindings)
    scram = start(context=replace(CONTEXT, offered=offered))
    challenge = begin(scram, "n,,n=juliet,r=abc")
    assert isinstance(challenge, Challenge)
    text = "PLAIN\x1eSCRAM-SHA-1\x1eSCRAM-SHA-256" + "".join("\x1f" + name for name in bindings)
    hashed = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert challenge.data.decode().endswith(f",h={hashed}")
    assert isinstance(scram.step(final("n=juliet,r=abc", challenge).encode()), Success)
    assert b",h=" not in begin(start(), "n,,n=juliet,r=abc").data  # type: ignore[union-attr]
