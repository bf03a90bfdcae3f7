"""What no decent client asks of a module: the error that its XEP or RFC 6120 names, the stream goes on, and the server
has not failed. Then the same with requests that are changed by chance."""

from __future__ import annotations

import random

import pytest

from tests.support.booted import Booted
from tests.support.hostile_modules import REQUESTS
from tests.support.mutations import changed, requests
from tests.support.wire import Wire, condition, local, show

PING = "<iq type='get' id='ping{}'><ping xmlns='urn:xmpp:ping'/></iq>"
#: changed stanzas that are sent before an answer is waited for, and how often
AT_ONCE, ROUNDS = 40, 8


def failures(log: str) -> list[str]:
    """What the log says of the server's own failures."""
    return [line for line in log.splitlines() if "Traceback" in line or " error " in line]


@pytest.mark.parametrize("group", REQUESTS)
def test_the_error_is_the_one_that_is_named_and_the_stream_goes_on(server: Booted, group: str) -> None:
    client, other, logged = server.client("mallory"), f"{server.account('bob')}@localhost", len(server.log())
    wrong = []
    for number, (type_, to, payload, want) in enumerate(REQUESTS[group]):
        words = payload.replace("{other}", other).replace("{bare}", client.bare)
        address = f" to='{to.replace('{other}', other)}'" if to else ""
        client.send(f"<iq type='{type_}' id='h{number}'{address}>{words}</iq>")
        while (answer := client.next()).get("id") != f"h{number}":
            assert local(answer) == "message", show(answer)
        got = condition(answer) if answer.get("type") == "error" else ""
        if got not in want.split("|"):
            wrong.append(f"{type_} {to} {words[:120]}: {got or 'a result'} instead of {want or 'a result'}")
    assert wrong == []
    assert failures(server.log()[logged:]) == []


def until_ping(client: Wire, number: int) -> list[str | None]:
    """The conditions of errors that come before the answer to this ping."""
    found: list[str | None] = []
    while (got := client.next()).get("id") != f"ping{number}":
        if got.get("type") == "error":
            found.append(condition(got))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_stanza_that_is_changed_by_chance_is_no_failure_of_the_server(server: Booted, seed: int) -> None:
    chance, logged = random.Random(seed), len(server.log())
    user, other = server.account("mallory"), f"{server.account('bob')}@localhost"
    client, known = server.client(user=user).online(), requests(f"{user}@localhost", other)
    for number in range(ROUNDS):
        client.send("".join(changed(chance, chance.choice(known)) for _ in range(AT_ONCE)) + PING.format(number))
        assert "internal-server-error" not in until_ping(client, number)
    assert failures(server.log()[logged:]) == []
