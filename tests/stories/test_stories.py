"""test_stories — every *.story of this folder, played against a booted server of two workers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support import story
from tests.support.booted import Booted

STORIES = sorted(Path(__file__).parent.glob("*.story"))


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_story(server: Booted, file: Path) -> None:
    story.play(file, server)


# -- the stage itself


HEAD = "# a test\n[Client] Romeo\n\tjid: romeo@localhost\n\tpassword: secret\n---\n"


def written(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / f"{name}.story"
    file.write_text(HEAD + text)
    return file


def test_a_stanza_that_is_not_as_written_fails_with_its_line(server: Booted, tmp_path: Path) -> None:
    text = "Romeo connects\nRomeo sends:\n\t<presence/>\nRomeo receives:\n\t<presence type='unavailable'/>\n"
    with pytest.raises(story.StoryError, match=r"stage-wrong\.story:9: Romeo receives:"):
        story.play(written(tmp_path, "stage-wrong", text), server)


def test_a_stanza_that_nobody_expects_fails(server: Booted, tmp_path: Path) -> None:
    with pytest.raises(story.StoryError, match=r"received unasked: .*presence"):
        story.play(
            written(tmp_path, "stage-more", "Romeo connects\nRomeo sends:\n\t<presence/>\nRomeo receives nothing\n"),
            server,
        )


@pytest.mark.parametrize("line", ["Romeo dances", "Tybalt connects", "Romeo sends:", "Romeo connects\n\t<x/>"])
def test_a_line_that_means_nothing_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(story.StoryError, match=r"^6: "):
        story.read(written(tmp_path, "stage-line", line + "\n"))


@pytest.mark.parametrize(
    ("want", "got", "why"),
    [
        ("<a/>", "<a/>", ""),
        ("<a b='{any}'/>", "<a b='1'/>", ""),
        ("<a b='{any}'/>", "<a/>", "attributes"),
        ("<a/>", "<a b='1'/>", "attributes"),
        ("<a>x</a>", "<a>y</a>", "text"),
        ("<a>{any}</a>", "<a>y<b/></a>", ""),
        ("<a><b/></a>", "<a><b/><c/></a>", "children"),
        ("<a><c/>{more}</a>", "<a><b/><c/></a>", ""),
        ("<a><d/>{more}</a>", "<a><b/><c/></a>", "no child"),
        ("<a xmlns='u'/>", "<a xmlns='v'/>", "instead"),
    ],
)
def test_comparing(want: str, got: str, why: str) -> None:
    said = story.difference(ElementTree.fromstring(want), ElementTree.fromstring(got), {})
    assert why in said
    assert bool(why) == bool(said)


def test_what_is_kept_can_be_said_again() -> None:
    kept: dict[str, str] = {}
    assert not story.difference(ElementTree.fromstring("<a b='{keep:x}'/>"), ElementTree.fromstring("<a b='7'/>"), kept)
    assert kept == {"x": "7"}
