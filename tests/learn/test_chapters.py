"""test_chapters — the pages of docs/learn show programs as they are and what they really print."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from xmppd.cli import main as ctl_main

ROOT = Path(__file__).parents[2]
LEARN = ROOT / "docs" / "learn"
PROGRAMS = LEARN / "programs"
PAGES = [*sorted(LEARN.glob("*.md")), ROOT / "docs" / "otp-differences.md"]
CHAPTERS = [page for page in PAGES if page.name[:2].isdigit()]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@functools.cache
def maker() -> ModuleType:
    """The script that writes the pages."""
    spec = importlib.util.spec_from_file_location("make_learn", LEARN / "make_learn.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def shown(page: Path) -> str:
    return page.name


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    return [body for language, body in BLOCK.findall(text_of(page)) if language in languages]


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_page_shows_the_programs_and_what_they_print(page: Path) -> None:
    text = text_of(page)
    assert maker().steady(maker().fresh(text)) == maker().steady(text), "make learn"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_block_of_code_is_part_of_a_program(page: Path) -> None:
    sources = [p.read_text(encoding="utf-8") for p in PROGRAMS.rglob("*.*") if p.suffix in maker().LANGUAGES]
    for body in blocks(page, "python", "erlang", "elixir", "toml"):
        assert any(body in source for source in sources), f"in no program:\n{body}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_is_one_that_there_is(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in "".join(blocks(page, "sh")).splitlines():
        word, *rest = line.split()
        if word == "make":
            assert rest[0] in targets, line
        elif word == "./rel/xmppd":
            assert rest[0] in ctl_main.every_verb().commands, line
        elif word == "python":
            assert (ROOT / rest[0]).is_file(), line
        else:
            assert line == ". .venv/bin/activate" or maker().KNOWN.match(line), line


def test_all_programs_are_on_a_page() -> None:
    pages = "".join(map(text_of, PAGES))
    assert [p.name for p in PROGRAMS.glob("*.py") if f"programs/{p.name}" not in pages] == []


def test_there_are_ten_chapters_and_each_has_its_parts() -> None:
    assert [int(page.name[:2]) for page in CHAPTERS] == list(range(1, 11))
    for page in CHAPTERS:
        text, number = text_of(page), int(page.name[:2])
        assert "\n## Predict\n" in text, page
        assert text.count("<details>") == text.count("</details>") == 1, page
        assert "\n## Exercise\n" in text, page
        assert f"make exercise {number}\n" in text, page
        assert f"`docs/learn/exercises/{number:02}.py`" in text, page
        assert page.name in text_of(LEARN / "README.md"), page
        prose = BLOCK.sub("", text).split("\n## Predict")[0]
        assert len(prose.split()) < 420, f"{page.name}: more than a screen of prose"


def test_the_answer_is_under_the_fold() -> None:
    for page in CHAPTERS:
        above = text_of(page).split("\n## Predict\n")[1].split("<details>")[0]
        assert "```text" not in above, f"{page.name} gives the answer away"


def test_what_differs_from_run_to_run_is_put_aside() -> None:
    steady = maker().steady
    assert steady("<w1.1.42> in 0.3 ms\n") == steady("<w1.1.7> in 12.9 ms\n")
    assert steady("50 of 50\n") != steady("49 of 50\n")
    with pytest.raises(LookupError, match="2 lines begin"):
        maker().lines_of("09_nodes.py", "async def clerk", "return")


@pytest.mark.skipif(shutil.which("erlc") is None, reason="Erlang is not installed: its program is not run")
def test_the_room_prints_the_same_in_erlang(tmp_path: Path) -> None:
    folder = PROGRAMS / "three-ways"
    subprocess.run(["erlc", "-Werror", "-o", str(tmp_path), "room.erl", "room_sup.erl"], cwd=folder, check=True)
    command = ["erl", "-noshell", "-pa", str(tmp_path), "-s", "room_sup", "demo"]
    theirs = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert theirs == maker().output("python docs/learn/programs/three-ways/chat_room.py")


@pytest.mark.skipif(shutil.which("elixir") is None, reason="Elixir is not installed: its program is not run")
def test_the_room_prints_the_same_in_elixir() -> None:
    command = ["elixir", str(PROGRAMS / "three-ways" / "room.exs")]
    theirs = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert theirs == maker().output("python docs/learn/programs/three-ways/chat_room.py")
