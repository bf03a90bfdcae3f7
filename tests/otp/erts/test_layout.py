"""test_layout — the attributes of many processes need no dict of their own."""

from __future__ import annotations

import gc
import sys

from otp.erts import layout, process, runtime


def _with_dict(cls: type) -> int:
    """How many of a thousand objects, whose attributes come one after the other, have a dict."""
    objects = [cls() for _ in range(1000)]
    for name in layout._USUAL:
        for one in objects:
            setattr(one, name, 1)
    return sum(any(type(part) is dict for part in gc.get_referents(one)) for one in objects)


def test_objects_of_a_class_that_shares_keep_their_attributes_in_an_array() -> None:
    class Shares:
        pass

    class Not:
        pass

    layout.share(Shares)
    assert _with_dict(Shares) == 0
    if sys.version_info[:2] == (3, 11):  # otherwise this test shows nothing
        assert _with_dict(Not) > 0


def test_a_property_is_left_alone() -> None:
    class View:
        @property
        def state(self) -> int:
            return 1

    layout.share(View)
    assert View().state == 1


def test_a_process_that_has_run_still_has_no_dict_of_its_own() -> None:
    async def echo() -> None:
        while True:
            process.send(await process.receive(), "x")

    async def main() -> int:
        pids = [process.spawn(echo) for _ in range(20)]
        for pid in pids:
            process.send(pid, process.self_())
            await process.receive(timeout=20)
        return sum(any(type(part) is dict for part in gc.get_referents(pid.target)) for pid in pids)

    assert runtime.run(main) == 0
