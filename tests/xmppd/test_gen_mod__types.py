"""A type checker sees whether a handler fits what it is declared for."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

ROOT = Path(__file__).parents[2]
#: each line that bears a number is wrong
HANDLERS = """
from xmpp_core.element import Element
from xmpp_core.stanza import Iq, Presence, Stanza
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing.hook_points import StreamFeaturesHook, UserAvailableHook, UserSendPacketHook
from xmppd.routing.hooks import Stop

@on(UserSendPacketHook, seq=20)
def fits(acc: Stanza | None, point: UserSendPacketHook, mod: Mod) -> Stanza | None: return acc

@on(UserSendPacketHook)
async def waits(acc: Stanza | None, point: UserSendPacketHook, mod: Mod) -> Stanza | Stop[None] | None:
    return Stop(None)

@on(UserAvailableHook)
async def told(point: UserAvailableHook, mod: Mod) -> None: ...

@iq_handler("urn:x", "x")
def answer(iq: Iq, mod: Mod) -> Iq: return iq.result()

@iq_handler("urn:x", "y")
async def later(iq: Iq, mod: Mod) -> Iq | None: return None

@on(UserSendPacketHook)  # 1: another point's
def other(acc: Stanza | None, point: StreamFeaturesHook, mod: Mod) -> Stanza | None: return acc

@on(StreamFeaturesHook)  # 2: another accumulator
def features(acc: tuple[str, ...], point: StreamFeaturesHook, mod: Mod) -> tuple[str, ...]: return acc

@on(StreamFeaturesHook)  # 3: nothing goes to the next handler
async def nothing(acc: tuple[Element, ...], point: StreamFeaturesHook, mod: Mod) -> None: ...

@on(UserSendPacketHook)  # 4: stops with what is no stanza
def stops(acc: Stanza | None, point: UserSendPacketHook, mod: Mod) -> Stop[str]: return Stop("")

@on(UserAvailableHook)  # 5: a Run has no accumulator
def acc(acc: Presence, point: UserAvailableHook, mod: Mod) -> None: ...

@iq_handler("urn:x", "z")  # 6: no answer
def number(iq: Iq, mod: Mod) -> int: return 1
"""


def test_mypy_sees_whether_a_handler_fits_its_point(tmp_path: Path) -> None:
    file, example = tmp_path / "mod_typed.py", tmp_path / "mod_motd.py"
    file.write_text(HANDLERS)
    page = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    example.write_text(page.partition("```python\n")[2].partition("```")[0])
    told, failed, _ = api.run(["--config-file", str(ROOT / "pyproject.toml"), str(file), str(example)])
    assert not failed
    assert "mod_motd" not in told, "the page's own module is right"
    wrong = {HANDLERS.splitlines()[int(line) - 1] for line in re.findall(r"mod_typed\.py:(\d+): error", told)}
    assert wrong == {line for line in HANDLERS.splitlines() if re.search(r"# \d", line)}, told
