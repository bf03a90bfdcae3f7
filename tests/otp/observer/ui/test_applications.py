"""test_applications — the living tree: what is open stays open, crowds come page by page.

Way:  otp.observer.ui.applications
"""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Tree

from otp.observer.ui.applications import ApplicationsPane, label
from tests.support.played_source import Played, branch, on_screen


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield ApplicationsPane()


def lines(pane: ApplicationsPane) -> list[str]:
    """The labels of the tree, depth first."""

    def walk(node: Any) -> list[str]:
        return [line for child in node.children for line in (str(child.label), *walk(child))]

    return walk(pane.query_one("#tree", Tree).root)


def test_the_tree_of_all_nodes_and_its_changes() -> None:
    async def body(pane: ApplicationsPane) -> None:
        source = Played()
        pane.show(pane.fetch(source))
        shown = lines(pane)
        assert shown[:3] == [
            "w1",
            "xmppd_sup <w1.1.2> M restarts 1 of 3 in 5 s",
            "router <w1.1.8> M restarts=1 last exit: ValueError: [b]no",
        ]
        assert shown[-2:] == ["… 1 more", "main"], "the workers come first"
        top = pane.query_one("#tree", Tree).root.children[0].children[0]
        top.collapse()
        source.crowd = 1
        pane.show(pane.fetch(source))
        assert lines(pane)[-2] == "c0 <w1.1.20> M"
        assert pane.query_one("#tree", Tree).root.children[0].children[0] is top
        assert not top.is_expanded

    on_screen(Alone(), ApplicationsPane, body)


def test_a_crowd_comes_page_by_page() -> None:
    async def body(pane: ApplicationsPane) -> None:
        source = Played()
        source.crowd = 9
        pane.show(pane.fetch(source))
        assert lines(pane)[-2] == "… 7 more"
        pane.more["<w1.1.9>"] = 3
        pane.show(pane.fetch(source))
        assert lines(pane)[-3:-1] == ["c5 <w1.1.25> M", "… 3 more"]
        pane.more["<w1.1.9>"] = 50
        pane.show(pane.fetch(source))
        assert lines(pane)[-2] == "c8 <w1.1.28> M"

    on_screen(Alone(), ApplicationsPane, body)


def test_colours_tell_what_is_not_as_usual() -> None:
    assert label(branch("a", "<w1.1.1>")).style == ""
    assert label(branch("a", None, status="restarting")).style == "bold red"
    assert label(branch("a", "<w1.1.1>", restarts=1)).style == "yellow"
    assert label({"id": "w1", "top": True}).style == "bold"
