"""play_modules — two modules of another package, one of which needs the other, for tests of what modules declare."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.support.core_server import config_of
from xmpp_core.stanza import Iq
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing.hook_points import StreamFeaturesHook, UserAvailableHook
from xmppd.routing.iq import LOCAL


@dataclass(frozen=True)
class Options:
    limit: int = 3
    word: str = "x"
    loud: bool = False
    maybe: int | None = None


@iq_handler("urn:play", "play", at=(LOCAL,))
def answer(request: Iq, mod: Mod) -> Iq:
    return request.result()


@on(StreamFeaturesHook, seq=5)
def fold(acc: tuple[object, ...], point: StreamFeaturesHook, mod: Mod) -> tuple[object, ...]:
    return (*acc, (mod.name, mod.options.limit))


@on(UserAvailableHook)
async def told(point: UserAvailableHook, mod: Mod) -> None:
    point.session.module_states["played"] = mod.host


@pytest.fixture
def modules() -> Iterator[None]:
    """Two modules, one of which needs the other."""
    first, second = ModuleType("play.mod_a"), ModuleType("play.mod_b")
    vars(first).update(Options=Options, answer=answer, fold=fold, told=told, DEPENDS=("play.mod_b",))
    sys.modules |= {"play": ModuleType("play"), "play.mod_a": first, "play.mod_b": second}
    yield
    for name in ("play", "play.mod_a", "play.mod_b"):
        del sys.modules[name]


def with_play(**options: object) -> Config:
    return Config(**{**vars(config_of(())), "modules": {"play.mod_a": options, "play.mod_b": {}}})
