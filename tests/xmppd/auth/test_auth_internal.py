"""What is stored, what is remembered, what is refused when there is too much of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.erts import process
from xmpp_core.sasl import scram_keys
from xmppd.auth import auth_internal, tables
from xmppd.auth.auth_internal import AccountExists, Accounts, AuthBusy, derive_texts
from xmppd.auth.scram_text import from_text
from xmppd.store import store
from xmppd.store.backend import Tx

Play = Callable[[Callable[[], Awaitable[Any]]], Any]
PASSWORD = "wherefore art thou"


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that PBKDF2 was paid for, from here on."""
    seen: list[str] = []
    real = scram_keys.verify_password

    def verify(hash_name: str, password: str, keys: Any) -> bool:
        seen.append(password)
        return real(hash_name, password, keys)

    monkeypatch.setattr(scram_keys, "verify_password", verify)
    return seen


def test_the_password_is_nowhere_in_the_store(play: Play) -> None:
    async def body() -> None:
        await Accounts(b"s" * 32, 4096).create("romeo", "localhost", PASSWORD, 7)
        (account,) = await store.select(tables.ACCOUNT)
        assert PASSWORD not in repr(account)
        assert account.created_at == 7

    play(body)


def test_the_three_hashes_have_salts_of_their_own() -> None:
    made = [from_text(text) for text in derive_texts(PASSWORD, b"seed", 4096)]
    assert len({keys.salt for keys in made if keys}) == 3
    for name, keys in zip(auth_internal.HASHES, made, strict=True):
        assert keys is not None
        assert scram_keys.verify_password(name, PASSWORD, keys)


def test_a_password_found_right_is_not_derived_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        accounts = Accounts(b"s" * 32, 4096)
        await accounts.create("romeo", "localhost", PASSWORD, 0)
        paid = counted(monkeypatch)
        assert [await accounts.check("romeo", "localhost", PASSWORD) for _ in range(3)] == [True] * 3
        assert paid == [PASSWORD]
        assert [await accounts.check("romeo", "localhost", "wrong") for _ in range(2)] == [False] * 2
        assert paid == [PASSWORD, "wrong", "wrong"]

    play(body)


def test_a_change_on_another_node_ends_what_was_remembered(play: Play) -> None:
    async def body() -> None:
        here, there = Accounts(b"s" * 32, 4096), Accounts(b"s" * 32, 4096)
        await here.create("romeo", "localhost", PASSWORD, 0)
        assert await here.check("romeo", "localhost", PASSWORD)
        await there.set_password("romeo", "localhost", "new")
        assert not await here.check("romeo", "localhost", PASSWORD)
        assert await here.check("romeo", "localhost", "new")

    play(body)


def test_an_unknown_user_costs_as_much_as_a_known_one(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        paid = counted(monkeypatch)
        accounts = Accounts(b"s" * 32, 4096)
        assert not await accounts.check("nobody", "localhost", PASSWORD)
        assert not await accounts.check("nobody", "localhost", PASSWORD)
        assert paid == [PASSWORD, PASSWORD]

    play(body)


@pytest.mark.parametrize(("patience", "refused"), [(60.0, 0), (-1.0, 2)])
def test_more_passwords_than_threads_can_check_wait(
    play: Play, monkeypatch: pytest.MonkeyPatch, patience: float, refused: int
) -> None:
    monkeypatch.setattr(auth_internal, "MAX_WAITING", 3)
    monkeypatch.setattr(auth_internal, "PATIENCE", patience)

    async def body() -> None:
        accounts = Accounts(b"s" * 32, 4096)
        outcomes: list[str] = []

        async def check() -> None:
            try:
                outcomes.append(str(await accounts.check("nobody", "localhost", "x")))
            except AuthBusy as exc:
                outcomes.append(exc.condition)

        refs = [process.spawn_monitor(check)[1] for _ in range(5)]
        for _ in refs:
            await process.receive()
        assert sorted(outcomes) == ["False"] * (5 - refused) + ["temporary-auth-failure"] * refused
        assert not await accounts.check("nobody", "localhost", "x")

    play(body)


def test_of_two_registrations_at_once_one_wins(play: Play) -> None:
    async def body() -> None:
        accounts = Accounts(b"s" * 32, 4096)
        outcomes: list[str] = []

        async def create(password: str) -> None:
            try:
                await accounts.create("romeo", "localhost", password, 0)
                outcomes.append(password)
            except AccountExists as exc:
                outcomes.append(exc.condition)

        refs = [process.spawn_monitor(create, p)[1] for p in ("one", "two")]
        for _ in refs:
            await process.receive()
        (winner,) = set(outcomes) - {"conflict"}
        assert sorted(outcomes) == sorted([winner, "conflict"])
        assert await accounts.check("romeo", "localhost", winner)

    play(body)


def test_an_account_without_keys_for_a_hash(play: Play) -> None:
    def write(tx: Tx) -> None:
        tx.write(tables.Account("localhost", "romeo", "", "", ""))

    async def body() -> None:
        await store.transaction(write)
        accounts = Accounts(b"s" * 32, 4096)
        assert await accounts.keys("romeo", "localhost", "SHA-256") is None
        assert not await accounts.check("romeo", "localhost", "")

    play(body)
