"""test_service_server — what administrators tell users, by the forms of service administration.

Way:  xmppd.mods.adhoc.service_server, through mod_adhoc
"""

from __future__ import annotations

from tests.xmppd.mods.adhoc.admin_client import asked, at_once, done, note, served, step
from xmppd.testing.client import Client
from xmppd.testing.server import Server


def test_all_who_are_online_are_told() -> None:
    async def body(server: Server, admin: Client) -> None:
        ann, bob = await server.client("ann"), await server.client("bob")
        ann.send("<presence/>")
        await server.settle()
        assert note(await done(admin, "announce", announcement=["Tea at five.", "Bring cups."])) is None
        assert "Tea at five.\nBring cups." in await ann.expect("<message[^>]*from='localhost'.*?</message>")
        await server.settle()
        assert "Tea" not in bob.seen, "it is not available"
        assert note(await done(admin, "announce", announcement=[" "])) == "there is no text"

    served(body)


def test_the_message_of_the_day_is_set_edited_and_deleted() -> None:
    async def body(server: Server, admin: Client) -> None:
        await done(admin, "set-motd", motd=["one", "two"])
        form, _ = await asked(admin, "edit-motd")
        assert form.value("FORM_TYPE") == "http://jabber.org/protocol/admin"
        motd = form.get("motd")
        assert motd is not None
        assert motd.values == ("one", "two")
        await done(admin, "edit-motd", motd=["one", "three"])
        ann = await server.client("ann")
        ann.send("<presence/>")
        assert "one\nthree" in await ann.expect("<message.*?</message>")
        assert note(await at_once(admin, "delete-motd")) is None
        form, _ = await asked(admin, "edit-motd")
        motd = form.get("motd")
        assert motd is not None
        assert motd.values == ()
        assert "no message of the day" in str(note(await done(admin, "edit-motd", motd=["x"])))

    served(body)


def test_the_welcome_is_set_shown_and_deleted() -> None:
    async def body(server: Server, admin: Client) -> None:
        await done(admin, "set-welcome", welcome=["Hello."])
        form, _ = await asked(admin, "set-welcome")
        assert form.value("welcome") == "Hello."
        await at_once(admin, "delete-welcome")
        form, _ = await asked(admin, "set-welcome")
        assert form.value("welcome") == ""

    served(body)


def test_lists_are_shown_and_edited() -> None:
    async def body(server: Server, admin: Client) -> None:
        for node, field in (("edit-blacklist", "blacklistjids"), ("edit-whitelist", "whitelistjids")):
            assert await shown(admin, node, field) == ()
            assert note(await done(admin, node, **{field: ["spam.example"]})) is None
            assert await shown(admin, node, field) == ("spam.example",)
            assert "no address" in str(note(await done(admin, node, **{field: ["a@b@c"]})))
            await done(admin, node, **{field: []})
            assert await shown(admin, node, field) == ()

    served(body)


def test_administrators_are_shown_and_made() -> None:
    async def body(server: Server, admin: Client) -> None:
        ann = await server.client("ann")
        assert await shown(admin, "edit-admin", "adminjids") == ("admin@localhost",)
        both = ["admin@localhost", "ann@localhost"]
        assert note(await done(admin, "edit-admin", adminjids=both)) is None
        assert await shown(ann, "edit-admin", "adminjids") == tuple(both)
        assert "by the configuration" in str(note(await done(ann, "edit-admin", adminjids=["ann@localhost"])))
        assert "no account" in str(note(await done(admin, "edit-admin", adminjids=["admin@localhost", "x@localhost"])))
        assert note(await done(admin, "edit-admin", adminjids=["admin@localhost"])) is None
        assert "<forbidden " in (await step(ann, "edit-admin")).to_xml("")

    served(body)


async def shown(client: Client, node: str, field: str) -> tuple[str, ...]:
    """What the form of a list has now."""
    found = (await asked(client, node))[0].get(field)
    assert found is not None
    return found.values


def test_the_end_has_a_delay_and_words_and_is_refused_where_it_cannot_be() -> None:
    async def body(server: Server, admin: Client) -> None:
        for node in ("restart", "shutdown"):
            form, _ = await asked(admin, node)
            delay = form.get("delay")
            assert delay is not None
            assert [option.value for option in delay.options] == ["30", "60", "90", "120", "180", "240", "300"]
            assert form.get("announcement") is not None
            assert "cannot be ended from here" in str(note(await done(admin, node, delay="30")))

    served(body)
