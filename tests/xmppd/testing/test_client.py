"""client — its mark moves over what was matched; elements come one by one; it does not wait for what never comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from xmppd.testing.client import OPEN, Client


def played(script: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], body: object) -> None:
    """Run body(client) against a server that does what `script` says."""

    async def whole() -> None:
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        async with server:
            client = await Client.connect(server.sockets[0].getsockname()[1])
            try:
                await body(client)  # type: ignore[operator]
            finally:
                client.drop()

    asyncio.run(whole())


async def says(writer: asyncio.StreamWriter, *texts: str) -> None:
    for text in texts:
        writer.write(text.encode())
        await writer.drain()
        await asyncio.sleep(0.001)


def test_elements_and_text_are_taken_in_turn() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(writer, "<message id='1'><bo", "dy>a &gt; b</body></message> <presence/>", "<iq id='>' type='get'/>")
        await says(writer, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
        await reader.read()
        writer.close()

    async def body(client: Client) -> None:
        message = await client.receive()
        assert (message.name, message.get("id"), message.child_text("body")) == ("message", "1", "a > b")
        assert await client.expect("<pres.*?/>") == "<presence/>"
        assert (await client.receive()).get("id") == ">"
        assert (await client.receive()).name == "error"
        assert client.nothing_more()

    played(script, body)


def test_an_element_of_which_a_part_was_matched_is_passed_over() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(writer, "<message id='1'><body>", "one</body></message><message id='2'/><message id='3'/>")
        await reader.read()
        writer.close()

    async def body(client: Client) -> None:
        await client.expect("<message id='1")
        assert (await client.receive()).get("id") == "2"
        assert not client.nothing_more()
        await client.expect("id='3")
        assert client.nothing_more()
        client.data_received(b"<presence/>")
        assert not client.nothing_more()
        assert (await client.receive()).name == "presence"
        assert client.nothing_more()
        client.data_received(b"</stream:stream>")
        assert not client.nothing_more()

    played(script, body)


def test_an_answer_is_found_among_other_stanzas() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"/>")
        await says(writer, "<presence/><iq type='set' id='1'/><iq type='result' id='2'/><iq type='error' id='1'/>")
        await reader.read()
        writer.close()

    async def body(client: Client) -> None:
        assert (await client.ask("<iq type='get' id='1'/>")).get("type") == "error"
        assert client.nothing_more()
        with pytest.raises(ValueError, match="no id"):
            await client.ask("<iq type='get'/>")

    played(script, body)


def test_what_does_not_come_is_told_with_what_came() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(writer, "<presence/>")
        await reader.read()
        writer.close()

    async def body(client: Client) -> None:
        with pytest.raises(AssertionError, match="'<message' did not come; there is '<presence/>'"):
            await client.expect("<message", 0.05)
        assert (await client.receive()).name == "presence"
        with pytest.raises(AssertionError, match="no element came"):
            await client.receive(0.05)

    played(script, body)


def test_a_server_that_has_closed_is_not_waited_for() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(writer, "<presence/>")
        writer.close()

    async def body(client: Client) -> None:
        with pytest.raises(AssertionError, match="did not come"):
            await asyncio.wait_for(client.expect("<message", 1000), 60)
        assert client.closed
        assert await client.gone() == "<presence/>"

    played(script, body)


def test_a_character_in_two_reads_is_one() -> None:
    client = Client()
    for byte in OPEN.format(to="bücher.example").encode():
        client.data_received(bytes([byte]))
    assert "to='bücher.example'" in client.seen
