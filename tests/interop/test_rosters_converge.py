"""test_rosters_converge — users on two workers, two resources each, all at once: in the end all agree.

Random subscription stanzas, roster sets and removals are sent without waiting for anything. Afterwards, for every
user: replaying the pushes of each resource gives the roster that a fresh get gives (invariants 19 and 27), the
rosters of any two mirror each other (20), and a resource is seen available by exactly those who may see it (24, 25).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import permutations
from xml.etree.ElementTree import Element

import pytest

from tests.support.booted import Booted
from tests.support.contact import is_push, pushed
from tests.support.wire import ROSTER, Wire, is_mark, local, mark_to

KINDS = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")
STEPS = 60


@dataclass
class Resource:
    """A client, what its pushes have told it, and whom it sees."""

    wire: Wire
    roster: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def take(self, got: Element) -> None:
        if is_push(got):
            item = pushed(got)
            if item["subscription"] == "remove":
                self.roster.pop(item["jid"], None)
            else:
                self.roster[item["jid"]] = item
        elif local(got) == "presence" and got.get("type") in (None, "unavailable"):
            (self.seen.discard if got.get("type") else self.seen.add)(got.attrib["from"])


def settle(resources: list[Resource]) -> None:
    """Rounds of marks from everybody to everybody: what each round caused comes before the next."""
    for _ in range(4):
        marks = [(to, mark_to(from_.wire, to.wire.jid)) for from_ in resources for to in resources]
        for resource in resources:
            due = {mark for to, mark in marks if to is resource}
            while due:
                got = resource.wire.next()
                found = next((mark for mark in due if is_mark(got, mark)), None)
                due.discard(found or "")
                if found is None:
                    resource.take(got)


def act(chance: random.Random, resource: Resource, others: list[str]) -> None:
    """One thing that a client may do."""
    contact = chance.choice(others)
    if chance.random() < 0.8:
        resource.wire.send(f"<presence type='{chance.choice(KINDS)}' to='{contact}'/>")
        return
    wish = "subscription='remove'" if chance.random() < 0.4 else f"name='n{chance.randrange(9)}'"
    item = f"<item jid='{contact}' {wish}/>"
    resource.wire.send(f"<iq type='set' id='r'><query xmlns='{ROSTER}'>{item}</query></iq>")


@pytest.mark.parametrize("seed", range(4))
def test_all_agree_in_the_end(server: Booted, seed: int) -> None:
    chance = random.Random(seed)
    users = [server.account("crowd") for _ in range(3)]
    resources = [Resource(server.on_worker(worker, user)) for user in users for worker in ("w1", "w2")]
    for resource in resources:
        resource.wire.roster()
        resource.wire.send("<presence/>")
    settle(resources)
    bares = [f"{user}@localhost" for user in users]
    for _ in range(STEPS):
        for resource in resources:
            act(chance, resource, [bare for bare in bares if bare != resource.wire.bare])
    settle(resources)

    rosters = {}
    for resource in resources:
        fresh = resource.wire.roster()
        assert resource.roster == fresh, resource.wire.jid
        assert rosters.setdefault(resource.wire.bare, fresh) == fresh
    for one, two in permutations(bares, 2):
        mine = rosters[one].get(two, {}).get("subscription", "none")
        theirs = rosters[two].get(one, {}).get("subscription", "none")
        assert (mine in ("to", "both")) == (theirs in ("from", "both")), (one, two)
    for resource in resources:
        sees = {contact for contact, item in resource.roster.items() if item["subscription"] in ("to", "both")}
        visible = sees | {resource.wire.bare}
        assert resource.seen == {r.wire.jid for r in resources if r.wire.bare in visible}, resource.wire.jid


def test_friends_who_come_at_the_same_moment_see_each_other(server: Booted) -> None:
    pairs = [[Resource(server.on_worker(worker, server.account("pair"))) for worker in ("w1", "w2")] for _ in range(4)]
    everybody = [resource for pair in pairs for resource in pair]
    for resource in everybody:
        resource.wire.roster()
    for pair in pairs:
        for one, two in permutations(pair):
            one.wire.send(f"<presence type='subscribed' to='{two.wire.bare}'/>")
    settle(everybody)
    for pair in pairs:
        for one, two in permutations(pair):
            one.wire.send(f"<presence type='subscribe' to='{two.wire.bare}'/>")
    settle(everybody)
    for _ in range(10):
        for resource in everybody:
            resource.wire.send("<presence/>")
        settle(everybody)
        for one, two in pairs:
            assert one.seen == two.seen == {one.wire.jid, two.wire.jid}
        for resource in everybody:
            resource.wire.send("<presence type='unavailable'/>")
        settle(everybody)
        for one, two in pairs:
            assert one.seen <= {two.wire.jid}, "who has gone first may not hear of the other's going"
            one.seen.clear(), two.seen.clear()


def test_a_push_is_not_missed_by_who_asks_for_the_roster_meanwhile(server: Booted) -> None:
    user = server.account("meanwhile")
    writer = server.on_worker("w1", user)
    for n in range(12):
        late = Resource(server.on_worker("w2", user))
        late.wire.send(f"<iq type='get' id='all'><query xmlns='{ROSTER}'/></iq>")
        item = f"<item jid='c{n}@c0.test' name='n'/>"
        writer.send(f"<iq type='set' id='s'><query xmlns='{ROSTER}'>{item}</query></iq>")
        assert writer.next().get("type") == "result"
        came = late.wire.until_mark(writer)
        while not any(got.get("id") == "all" for got in came):  # it was asked for on another socket than the mark's
            came.append(late.wire.next())
        known: set[str] = set()
        for got in came:  # the push may come first: then the roster has it as well
            items = {item.attrib["jid"] for item in got.iter(f"{{{ROSTER}}}item")}
            known = items if got.get("id") == "all" else known | items
        assert f"c{n}@c0.test" in known
        late.wire.close()
