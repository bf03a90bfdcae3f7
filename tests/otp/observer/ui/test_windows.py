"""test_windows — what opens over a tab.

Way:  otp.observer.ui.windows
"""

from __future__ import annotations

from rich.console import Console

from otp.observer.ui import windows


def test_properties_are_text_one_under_the_other_and_what_is_empty_is_left_out() -> None:
    console = Console(width=60, no_color=True)
    told = {"pid": "<w1.1.2>", "links": ["<w1.1.3> [b]sm", "<w1.1.4>"], "name": "", "stack": [], "mailbox": 0}
    with console.capture() as capture:
        console.print(windows.lines(told))
    lines = [line.split() for line in capture.get().splitlines()]
    assert lines == [["pid", "<w1.1.2>"], ["links", "<w1.1.3>", "[b]sm"], ["<w1.1.4>"], ["mailbox", "0"]]
