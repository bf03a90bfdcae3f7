"""story — plays as plain text: who sends what, who receives what. The form is that of Prosody's scansion.

    # What it is about
    [Client] Romeo
        jid: romeo@localhost/orchard
        password: secret
    -----
    Romeo connects
    Romeo sends:
        <iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>
    Romeo receives:
        <iq type='result' id='1' to='{jid:Romeo}'/>
    Romeo disconnects

`[Component] Name` with `domain:` and `secret:` is an external service. Accounts are made before the story, unless a
client says `account: none`; each story has its own (`romeo@localhost` is `romeo.STORY@localhost` on the wire).

What happens: `X connects` (stream, login, a resource), `X opens a stream`, `X logs in`, `X disconnects`, `X vanishes`,
`X sends:`, `X receives:`, `X receives, in any order:`, `X receives nothing`, `X is closed: CONDITION`, and
`xmppd WORDS…`, a command of the administrator. Every stanza that is not expected is a failure, also at the end.

In what is received `{any}` stands for any value or text, `{keep:NAME}` for any that is to be remembered; `{kept:NAME}`,
`{jid:X}`, `{bare:X}`, `{user:X}` and `{plain:X}` (X's SASL PLAIN) are replaced everywhere. `{more}` among children
admits others.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.support.booted import Booted
from tests.support.wire import CLIENT, COMPONENT, STREAM, Wire, is_mark, mark_to, show

ANY, MORE = "{any}", "{more}"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
ACTION = re.compile(
    r"(?P<who>\w+) (?P<what>connects|opens a stream|logs in|disconnects|vanishes|sends:|receives:"
    r"|receives, in any order:|receives nothing|is closed: (?P<condition>[a-z-]+|in order))$"
)


class StoryError(AssertionError):
    """The story is wrong, or the server does not play it; begins with the line's number."""


@dataclass
class Role:
    """Who takes part."""

    name: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The JID as the story has it, without a resource; of a component its domain."""
        return self.facts["domain"] if self.kind == "Component" else self.facts["jid"].partition("/")[0]


@dataclass
class Step:
    """One line of the play, with the XML below it."""

    line: int
    text: str
    xml: str = ""


@dataclass
class Story:
    """What a file says."""

    name: str
    roles: dict[str, Role] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def read(file: Path) -> Story:
    """Parse a story file. Raises StoryError."""
    story = Story(file.stem)
    head: Role | None = None
    playing = False
    for number, line in enumerate(file.read_text().splitlines(), 1):
        indented, text = line[:1].isspace(), line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("---"):
            playing = True
        elif not playing:
            head = _declare(story, head, text, number)
        elif indented:
            story.steps[-1].xml += line + "\n"
        else:
            story.steps.append(Step(number, text))
    _check(story)
    return story


def _declare(story: Story, head: Role | None, text: str, number: int) -> Role:
    if match := re.fullmatch(r"\[(Client|Component)\] (\w+)", text):
        role = story.roles[match[2]] = Role(match[2], match[1])
        return role
    key, colon, value = text.partition(": ")
    if head is None or not colon:
        raise StoryError(f"{number}: not a role and not a fact: {text}")
    head.facts[key] = value.strip()
    return head


def _check(story: Story) -> None:
    for step in story.steps:
        match = ACTION.match(step.text)
        if not step.text.startswith("xmppd ") and (match is None or match["who"] not in story.roles):
            raise StoryError(f"{step.line}: not understood: {step.text}")
        if step.text.endswith(":") != bool(step.xml):
            raise StoryError(f"{step.line}: XML below a line that wants none, or none below one that does")


# -- comparing


def difference(want: Element, got: Element, kept: dict[str, str]) -> str:
    """What is not as wanted, in words; "" if all is. Values to keep are put into `kept`."""
    if want.tag != got.tag:
        return f"<{got.tag}> instead of <{want.tag}>"
    if sorted(want.attrib) != sorted(got.attrib):
        return f"<{got.tag}> has attributes {sorted(got.attrib)}, not {sorted(want.attrib)}"
    for name, value in want.attrib.items():
        if not _fits(value, got.attrib[name], kept):
            return f"{name}={got.attrib[name]!r}, not {value!r}"
    wanted = _text(want)
    loose = MORE in wanted
    wanted = wanted.replace(MORE, "")
    if wanted == ANY:
        return ""
    if not _fits(wanted, _text(got), kept) and not (loose and not wanted):
        return f"the text of <{got.tag}> is {_text(got)!r}, not {wanted!r}"
    return _children(list(want), list(got), loose, kept)


def _fits(want: str, got: str, kept: dict[str, str]) -> bool:
    if want.startswith("{keep:"):
        kept[want[6:-1]] = got
        return True
    return want in (ANY, got)


def _text(element: Element) -> str:
    return "".join([element.text or "", *[child.tail or "" for child in element]]).strip()


def _children(want: list[Element], got: list[Element], loose: bool, kept: dict[str, str]) -> str:
    if not any(child.tag == STANZA_ID for child in want):
        got = [child for child in got if child.tag != STANZA_ID]  # what an archive calls it is its own business
    if not loose:
        if len(want) != len(got):
            return f"children {[el.tag for el in got]}, not {[el.tag for el in want]}"
        return next((why for w, g in zip(want, got, strict=True) if (why := difference(w, g, kept))), "")
    left = list(got)
    for child in want:
        found = next((g for g in left if not difference(child, g, {})), None)
        if found is None:
            return f"no child like {show(child)}"
        difference(child, found, kept)
        left.remove(found)
    return ""


# -- playing


class Play:
    """A story on its way. `play()` does all of it and closes what it opened."""

    def __init__(self, story: Story, server: Booted) -> None:
        self.story, self.server = story, server
        self.wires: dict[str, Wire] = {}
        self.kept: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def play(self) -> None:
        """Raises StoryError at the first line that does not go as written."""
        for role in self.story.roles.values():
            if role.kind == "Client" and role.facts.get("account") != "none":
                params = {"user": self.real(role.address), "password": role.facts["password"]}
                if not any(self.real(r.address) == params["user"] for r in self._before(role)):
                    self.server.ask("user add", params)
        for step in self.story.steps:
            try:
                self._step(step)
            except AssertionError as error:
                raise StoryError(f"{self.story.name}.story:{step.line}: {step.text}\n  {error}") from error
        self._nothing_more()

    def _before(self, role: Role) -> list[Role]:
        clients = [r for r in self.story.roles.values() if r.kind == "Client"]
        return clients[: clients.index(role)]

    def real(self, text: str) -> str:
        """The text as it goes over the wire."""
        for role in self.story.roles.values():
            if role.kind == "Client":
                user = role.address.partition("@")[0]
                text = re.sub(rf"(?<![\w.]){user}@", f"{user}.{self.story.name}@", text)
                text = text.replace(f"{{user:{role.name}}}", f"{user}.{self.story.name}")
                plain = f"\0{user}.{self.story.name}\0{role.facts['password']}".encode()
                text = text.replace(f"{{plain:{role.name}}}", base64.b64encode(plain).decode())
        for name, jid in self.known.items():
            text = text.replace(f"{{jid:{name}}}", jid).replace(f"{{bare:{name}}}", jid.partition("/")[0])
        for name, value in self.kept.items():
            text = text.replace(f"{{kept:{name}}}", value)
        return text

    def _step(self, step: Step) -> None:
        if step.text.startswith("xmppd "):
            self.server.cli(*self.real(step.text).split()[1:])
            return
        match = ACTION.match(step.text)
        assert match is not None
        role, what = self.story.roles[match["who"]], match["what"]
        if what.startswith("is closed: "):
            wanted = None if match["condition"] == "in order" else match["condition"]
            got = self.wires.pop(role.name).end()
            assert got == wanted, f"the stream error is {got}"
        elif what.startswith("receives"):
            self._receives(role, what, step.xml)
        else:
            self._acts(role, what, step.xml)

    def _acts(self, role: Role, what: str, xml: str) -> None:
        match what:
            case "sends:":
                self.wires[role.name].send(self.real(xml).strip())
            case "disconnects":
                self.wires.pop(role.name).close()
            case "vanishes":
                self.wires.pop(role.name).drop()
            case "opens a stream":
                self.wires[role.name] = self.server.wire(domain=self._domain(role))
                self.wires[role.name].open()
            case _:
                self._comes(role)

    def _domain(self, role: Role) -> str:
        return role.address.partition("@")[2]

    def _comes(self, role: Role) -> None:
        if role.kind == "Component":
            wire: Wire = self.server.service(role.facts["domain"])
        else:
            wire = self.wires.get(role.name) or self.server.wire(domain=self._domain(role))
            user = self.real(role.address).partition("@")[0]
            wire.login(user, role.facts["password"], role.facts["jid"].partition("/")[2])
        self.wires[role.name], self.known[role.name] = wire, wire.jid

    def _receives(self, role: Role, what: str, xml: str) -> None:
        if what == "receives nothing":
            self._nothing_more()
            return
        wire = self.wires[role.name]
        namespace = COMPONENT if role.kind == "Component" else CLIENT
        wanted = list(ElementTree.fromstring(f"<x xmlns='{namespace}' xmlns:stream='{STREAM[1:-1]}'>{xml}</x>"))
        for i in range(len(wanted)):
            got = wire.next()
            first = [self._real(el) for el in (wanted if what.endswith("order:") else wanted[i : i + 1])]
            reasons = [difference(el, got, self.kept) for el in first]
            assert "" in reasons, f"received {show(got)}\n  {'; '.join(reasons)}"
            if what.endswith("order:"):
                del wanted[reasons.index("")]

    def _real(self, element: Element) -> Element:
        return ElementTree.fromstring(self.real(ElementTree.tostring(element, encoding="unicode")))

    def _nothing_more(self) -> None:
        """Two rounds of marks from everybody to everybody: what the first caused comes before the second."""
        there = {name: wire for name, wire in self.wires.items() if wire.jid}
        for _ in range(2):
            marks = [(wire, mark_to(other, wire.jid)) for wire in there.values() for other in there.values()]
            for wire in there.values():
                due = [mark for owner, mark in marks if owner is wire]
                while due:
                    got = wire.next()
                    mark = next((mark for mark in due if is_mark(got, mark)), None)
                    assert mark is not None, f"received unasked: {show(got)}"
                    due.remove(mark)


def play(file: Path, server: Booted) -> None:
    """Read and play one file."""
    Play(read(file), server).play()
