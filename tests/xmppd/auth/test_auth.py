"""The API: accounts, names, passwords."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.stdlib import gen_server
from xmpp_core.sasl import scram_keys
from xmppd.auth import auth
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

Play = Callable[[Callable[[], Awaitable[Any]]], Any]


def test_an_account_from_birth_to_death(play: Play) -> None:
    async def body() -> None:
        assert not await auth.user_exists("romeo", "localhost")
        await auth.create_user("romeo", "localhost", "wherefore")
        assert await auth.user_exists("romeo", "localhost")
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        assert not await auth.check_plain("romeo", "localhost", "Wherefore")
        await auth.set_password("romeo", "localhost", "art thou")
        assert await auth.check_plain("romeo", "localhost", "art thou")
        assert not await auth.check_plain("romeo", "localhost", "wherefore")
        assert await auth.remove_user("romeo", "localhost")
        assert not await auth.remove_user("romeo", "localhost")
        assert not await auth.check_plain("romeo", "localhost", "art thou")

    play(body)


@pytest.mark.parametrize("mech", ["SHA-1", "SHA-256", "SHA-512", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"])
def test_scram_gets_keys_that_fit_the_password(play: Play, mech: str) -> None:
    hash_name = mech.removeprefix("SCRAM-").removesuffix("-PLUS")

    async def body() -> None:
        await auth.create_user("romeo", "localhost", "wherefore")
        keys = await auth.scram_keys("romeo", "localhost", mech)
        assert keys is not None
        assert scram_keys.verify_password(hash_name, "wherefore", keys)
        assert not scram_keys.verify_password(hash_name, "other", keys)
        assert await auth.scram_keys("nobody", "localhost", mech) is None
        assert await auth.scram_keys("romeo", "localhost", "SCRAM-MD5") is None

    play(body)


def test_names_are_compared_as_addresses_are(play: Play) -> None:
    async def body() -> None:
        await auth.create_user("Romeo", "LOCALHOST", "wherefore")
        assert await auth.list_users("localhost") == ["romeo"]
        assert await auth.check_plain("rOMEO", "localhost", "wherefore")
        with pytest.raises(auth.AccountExists):
            await auth.create_user("ROMEO", "localhost", "x")

    play(body)


@pytest.mark.parametrize("user", ["", "a@b", "a/b", "a b", "x" * 1024, "\u202eoemor"])
def test_a_name_that_is_no_local_part_is_refused(play: Play, user: str) -> None:
    async def body() -> None:
        with pytest.raises(auth.BadName) as caught:
            await auth.create_user(user, "localhost", "wherefore")
        assert caught.value.condition == "jid-malformed"
        assert not await auth.user_exists(user, "localhost")
        assert not await auth.check_plain(user, "localhost", "wherefore")
        assert await auth.scram_keys(user, "localhost", "SHA-1") is None

    play(body)


@pytest.mark.parametrize("password", ["", "\u0007", "x" * 1024])
def test_a_password_that_cannot_be_is_refused(play: Play, password: str) -> None:
    async def body() -> None:
        with pytest.raises(auth.BadPassword) as caught:
            await auth.create_user("romeo", "localhost", password)
        assert caught.value.condition == "not-acceptable"
        assert not await auth.user_exists("romeo", "localhost")
        assert not await auth.check_plain("romeo", "localhost", password)

    play(body)


def test_only_an_account_that_exists_changes_its_password(play: Play) -> None:
    async def body() -> None:
        with pytest.raises(auth.NoAccount):
            await auth.set_password("romeo", "localhost", "x")
        assert not await auth.user_exists("romeo", "localhost")

    play(body)


def test_a_disabled_account_keeps_its_data_but_not_its_way_in(play: Play) -> None:
    async def body() -> None:
        await auth.create_user("romeo", "localhost", "wherefore")
        assert await auth.check_plain("romeo", "localhost", "wherefore")
        await auth.set_disabled("romeo", "localhost", True)
        assert not await auth.check_plain("romeo", "localhost", "wherefore")
        assert await auth.is_password("romeo", "localhost", "wherefore")
        assert not await auth.is_password("romeo", "localhost", "therefore")
        assert await auth.user_exists("romeo", "localhost")
        await auth.set_disabled("romeo", "localhost", False)
        assert await auth.check_plain("romeo", "localhost", "wherefore")

    play(body)


def test_with_an_account_goes_all_that_was_its_own(play: Play) -> None:
    rows = [
        RosterItem("localhost", "romeo", "juliet@example.org"),
        OfflineMessage("localhost", "romeo", 1, 0, "<message/>"),
        Vcard("localhost", "romeo", "<vCard/>"),
    ]
    others = [Vcard("localhost", "romeo2", ""), Vcard("example.org", "romeo", "")]

    def write(tx: Tx) -> None:
        for row in rows + others:
            tx.write(row)

    async def body() -> None:
        await auth.create_user("romeo", "localhost", "wherefore")
        await store.transaction(write)
        await auth.remove_user("romeo", "localhost")
        assert await store.count(ROSTER) == await store.count(OFFLINE) == 0
        assert len(await store.select(VCARD)) == 2

    play(body)


def test_the_servers_secret_is_the_same_after_a_restart(play: Play) -> None:
    async def body() -> None:
        before = auth.server_secret()
        assert len(before) == 32
        await gen_server.stop("auth")
        with pytest.raises(StoreError, match="auth is not running"):
            auth.server_secret()
        await auth.start_link(4096)
        assert auth.server_secret() == before

    play(body)
