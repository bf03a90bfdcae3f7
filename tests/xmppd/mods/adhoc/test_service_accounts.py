"""test_service_accounts — accounts made, looked at, shut out and removed by an administrator's program.

Way:  xmppd.mods.adhoc.service_accounts, through mod_adhoc
"""

from __future__ import annotations

from tests.xmppd.mods.adhoc.admin_client import at_once, done, note, served, step, values
from xmpp_core import ns, stamp
from xmppd.auth import auth
from xmppd.testing.client import Client
from xmppd.testing.server import Server


def test_an_account_is_made_given_another_password_shut_out_and_removed() -> None:
    async def body(server: Server, admin: Client) -> None:
        made = await done(
            admin, "add-user", accountjid="ann@localhost", password="first pw", password_verify="first pw"
        )
        assert note(made) is None
        ann = await server.client("ann", password="first pw")
        assert "exists" in str(note(await done(admin, "add-user", accountjid="ann@localhost", password="x")))
        await done(admin, "change-user-password", accountjid="ann@localhost", password="second pw")
        await done(admin, "disable-user", accountjids=["ann@localhost"])
        await ann.gone()
        await done(admin, "reenable-user", accountjids=["ann@localhost"])
        ann = await server.client("ann", password="second pw")
        await done(admin, "end-user-session", accountjids=["ann@localhost"])
        await ann.gone()
        await done(admin, "delete-user", accountjids=["ann@localhost"])
        assert values(await done(admin, "get-registered-users-list", max_items="25"), "registereduserjids") == (
            "admin@localhost",
        )

    served(body)


def test_passwords_that_differ_make_no_account() -> None:
    async def body(server: Server, admin: Client) -> None:
        made = await done(admin, "add-user", accountjid="ann@localhost", password="one one", password_verify="two two")
        assert note(made) == "the two passwords differ"
        number = await at_once(admin, "get-registered-users-num")
        assert values(number, "registeredusersnum") == ("1",)

    served(body)


def test_who_cannot_be_removed_does_not_spare_the_others() -> None:
    async def body(server: Server, admin: Client) -> None:
        await server.account("ann")
        command = await done(admin, "delete-user", accountjids=["nobody@localhost", "ann@localhost"])
        assert "no account nobody@localhost" in str(note(command))
        number = await at_once(admin, "get-registered-users-num")
        assert values(number, "registeredusersnum") == ("1",)

    served(body)


def test_a_roster_and_what_is_known_of_a_user() -> None:
    async def body(server: Server, admin: Client) -> None:
        ann = await server.client("ann", "desk")
        item = "<item jid='bob@localhost' name='Bob'><group>Friends</group></item>"
        await ann.ask(f"<iq type='set' id='r'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
        form = (await done(admin, "get-user-roster", accountjids=["ann@localhost"])).child("x", ns.DATA_FORMS)
        assert form is not None
        query = form.child("query", ns.ROSTER)
        assert query is not None
        assert [(one.get("jid"), one.get("name"), one.child_text("group")) for one in query.elements()] == [
            ("bob@localhost", "Bob", "Friends")
        ]
        stats = await done(admin, "user-stats", accountjid="ann@localhost")
        assert (values(stats, "rostersize"), values(stats, "onlineresources")) == (("1",), ("desk",))

    served(body)


def test_full_addresses_mean_their_accounts_but_where_a_session_is_meant() -> None:
    async def body(server: Server, admin: Client) -> None:
        one, two = await server.client("ann", "one"), await server.client("ann", "two")
        assert note(await done(admin, "end-user-session", accountjids=["ann@localhost/one"])) is None
        await one.gone()
        assert (await two.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")).get(
            "type"
        ) == ("result")
        assert note(await done(admin, "delete-user", accountjids=["ann@localhost/resource"])) is None
        await two.gone()
        assert not await auth.user_exists("ann", "localhost")

    served(body)


def test_what_is_no_account_of_ours_is_said_in_words() -> None:
    async def body(server: Server, admin: Client) -> None:
        for jid in ("ann@elsewhere.example", "ann@invalid@domain", "@", ""):
            made = await done(admin, "add-user", accountjid=jid or "x@", password="long enough")
            found = made.child("note", ns.COMMANDS)
            assert found is not None
            assert found.get("type") == "error"
        assert "no account" in str(note(await done(admin, "reenable-user", accountjids=["nobody@localhost"])))

    served(body)


def test_when_users_logged_in_last() -> None:
    async def body(server: Server, admin: Client) -> None:
        await server.account("never")
        ann = await server.client("ann")
        ann.send("<presence/>")
        await server.settle()
        began = server.clock.now()
        await server.clock.advance(3600)
        await ann.close()
        await server.settle()
        (login,) = values(await done(admin, "get-user-lastlogin", accountjids=["ann@localhost"]), "lastlogin")
        assert abs((stamp.parse_datetime(login) - began).total_seconds()) < 60
        both = ["never@localhost", "admin@localhost"]
        never, now = values(await done(admin, "get-user-lastlogin", accountjids=both), "lastlogin")
        assert never == ""
        assert stamp.parse_datetime(now) <= server.clock.now()

    served(body)


def test_statistics_are_of_one_account_under_either_name() -> None:
    async def body(server: Server, admin: Client) -> None:
        await server.account("ann")
        for field in ({"accountjid": "ann@localhost"}, {"accountjids": ["ann@localhost/x"]}):
            assert values(await done(admin, "user-stats", **field), "accountjid") == ("ann@localhost",)
        assert note(await done(admin, "user-stats")) == "one account is wanted"
        assert note(await done(admin, "user-stats", accountjids=["a@localhost", "b@localhost"])) is not None

    served(body)


def test_passwords_are_not_told_and_it_is_said_why() -> None:
    async def body(server: Server, admin: Client) -> None:
        answer = await step(admin, "get-user-password")
        assert "<feature-not-implemented " in answer.to_xml("")
        assert "SCRAM" in answer.to_xml("")
        assert "<item-not-found " in (await step(await server.client("ann"), "get-user-password")).to_xml("")

    served(body)
