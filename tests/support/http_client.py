"""http_client — raw bytes to an HTTP port, and what comes back: for requests that no library would send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

#: seconds for an answer of a loaded machine
PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """One response: its status, its headers by their names in small letters, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


async def talk(port: int, *pieces: bytes) -> bytes:
    """Send the pieces, each in a packet of its own as far as that can be had, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def get(port: int, path: str, *headers: str, method: str = "GET") -> Answer:
    """Ask for a path."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    [answer] = answers(await talk(port, "\r\n".join(lines).encode()), head=method == "HEAD")
    return answer


def answers(data: bytes, *, head: bool = False) -> list[Answer]:
    """The responses in what came; `head`: they have no body."""
    found = []
    while data:
        top, _, data = data.partition(b"\r\n\r\n")
        first, *lines = top.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        size = 0 if head else int(headers.get("content-length", 0))
        found.append(Answer(int(first.split()[1]), headers, data[:size]))
        data = data[size:]
    return found
