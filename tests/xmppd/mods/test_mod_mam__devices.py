"""Two devices of one user show the same history, in the same order, however often they are cut off.

Messages come for the account and for each device, both devices write, and publish; connections break, with what was on
them, and sessions are resumed or begun anew. In the end each device shows all that the archive has but its own
messages, as it stands there; what it has said is there once; and both have heard of items in one order, the same last.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support import node
from tests.support.device import Device
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

NODE = "urn:example:notes"


@dataclass(frozen=True)
class Step:
    """What happens, and to which device, or for which address of the account; `quiet`: the server comes to rest after
    it, so that what it has sent lies unread before the devices."""

    what: str
    device: int = 0
    to: str = ""
    quiet: bool = True


DEVICE = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.just("hears"), to=st.sampled_from(["", "", "/a", "/b"]), quiet=st.booleans()),
        st.builds(
            Step,
            st.sampled_from(["says", "says", "publishes", "reads", "cut", "loses", "resumes", "begins anew"]),
            DEVICE,
            quiet=st.booleans(),
        ),
    ),
    max_size=30,
)


async def play(steps: list[Step]) -> None:
    """One history."""
    async with serve() as server:
        await server.account("alice")
        bob = await server.client("bob", "phone")
        bob.send("<presence/>")
        devices = [await Device.come(server, "alice", resource, NODE) for resource in "ab"]
        published: list[str] = []
        for number, step in enumerate(steps):
            await act(server, step, f"{step.what[0]}{number}", bob, devices, published)
            if step.quiet:
                await server.settle()
        await end(server, devices)
        await check(devices, bob, published, anew=any(step.what == "begins anew" for step in steps))


async def act(server: Server, step: Step, text: str, bob: Client, devices: list[Device], published: list[str]) -> None:
    """One step, if it can be done."""
    device = devices[step.device]
    match step.what:
        case "hears":
            bob.send(f"<message to='alice@localhost{step.to}' type='chat'><body>{text}</body></message>")
        case "resumes" if device.client is None:
            await device.resume()
        case "begins anew" if device.client is not None:
            await device.confirm()
            device.cut()
            await device.log_in()
        case _ if device.client is None:
            return
        case "says":
            device.say(text, "bob@localhost/phone")
        case "publishes":
            device.publish(text)
            published.append(text)
        case "reads":
            await server.settle()
            await device.read()
        case "cut":
            device.cut()
        case "loses":
            device.say(text, "bob@localhost/phone", heard=False)
            device.cut()


async def end(server: Server, devices: list[Device]) -> None:
    """All are there, and have read all."""
    for device in devices:
        if device.client is None:
            await device.resume()
        await device.confirm()
    for _ in range(2):
        await server.settle()
        for device in devices:
            await device.read()


async def check(devices: list[Device], bob: Client, published: list[str], *, anew: bool) -> None:
    """See the head of this file."""
    history = await devices[0].archived()
    assert len(set(history)) == len(history)
    for device in devices:
        assert device.shown == [body for body in history if body not in device.said]
        assert device.said == [body for body in history if body in device.said]
        assert anew or not device.repeated
        assert set(device.heard) <= set(published)
    one, other = devices[0].heard, devices[1].heard
    assert one[-1:] == other[-1:]
    if anew:  # then the last item is told again, and what was told meanwhile is not
        one, other = [list(dict.fromkeys(id_ for id_ in a if id_ in b)) for a, b in ((one, other), (other, one))]
    assert one == other
    told = bob.seen
    for device in devices:
        at = [told.find(f"<body>{body}</body>") for body in device.said]
        assert -1 not in at
        assert at == sorted(at)
        assert all(told.count(f"<body>{body}</body>") == 1 for body in device.said)


@settings(max_examples=30)
@given(STEPS)
@example([Step("hears", to="/a"), Step("cut", 0), Step("hears"), Step("says", 1), Step("resumes", 0)])
@example([Step("publishes", 0), Step("cut", 1), Step("publishes", 0), Step("begins anew", 0), Step("hears")])
def test_two_devices_show_the_same_history_in_the_same_order(steps: list[Step]) -> None:
    node.run(lambda: play(steps))
