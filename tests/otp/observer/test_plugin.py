"""test_plugin — a program without a plugin is observed as it is; the last one that is installed speaks.

Way:  otp.observer.plugin
"""

from __future__ import annotations

import asyncio

from otp.erts.pid import Pid
from otp.observer import plugin
from otp.observer.plugin import Plugin


def test_a_program_need_not_say_anything_of_itself() -> None:
    none, pid = Plugin(), Pid("w1", 1, 7)
    assert none.name(pid) is None
    assert none.find("tea") == []
    assert not none.joins("tea", pid, "hello")
    assert asyncio.run(none.missing("tea")) is None
    assert none.lines("hello") is None
    assert none.refusal(pid) == ""
    said: list[str] = []
    none.listen("tea", lambda kind, text: said.append(text))()
    assert said == []


def test_the_last_that_is_installed_is_asked() -> None:
    first, second = Plugin(), Plugin()
    plugin.install(first)
    plugin.install(second)
    assert plugin.installed() is second
