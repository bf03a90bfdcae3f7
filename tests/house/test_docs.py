"""test_docs — what the documents name is there: files, functions, other documents."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from xmppd.cli import main
from xmppd.commands import EXIT_CONFIG
from xmppd.config.load import load
from xmppd.config.problems import ConfigError
from xmppd.config.schema import Config, LimitsSection, Listen, Paths
from xmppd.parent_sup import GRACE
from xmppd.sup import XmppdSup

ROOT = Path(__file__).parents[2]
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FILES = [p for top in ("otp", "apps", "tests", "rel", "docs") for p in (ROOT / top).rglob("*") if p.is_file()]
NAMED = re.compile(r"`([\w./-]+\.(?:py|toml|lock|service|story))(?::([\w.]+))?(?: \(seq \d+\))?`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
#: files that the reader makes, or that others have
NOT_OURS = frozenset({"xmppd.toml", "conftest.py", "NAME.app.toml", "NAME.rel.toml", "__init__.py", "_state.py"})


def found(named: str) -> list[Path]:
    """The files whose path ends in `named`; a path from the root wins over all others."""
    if (ROOT / named).is_file():
        return [ROOT / named]
    return [p for p in FILES if p.as_posix().endswith(f"/{named}")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def defines(owner: ast.AST, name: str) -> ast.AST | None:
    """The definition of `name` in a module or class; an assignment counts."""
    for node in getattr(owner, "body", []):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return node
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            return node
    return None


def fault(path: str, name: str | None) -> str | None:
    """What is wrong with a reference `path:name`; None if nothing."""
    files = found(path)
    if len(files) != 1:
        return f"{path} is {'not there' if not files else f'ambiguous: {len(files)} files'}"
    owner: ast.AST | None = tree(files[0]) if name else None
    for part in (name or "").split(".") if name else []:
        assert owner is not None
        owner = defines(owner, part)
        if owner is None:
            return f"{path} has no {name}"
    return None


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("doc", DOCS, ids=shown)
def test_files_and_functions_exist(doc: Path) -> None:
    named = [(path, name or None) for path, name in NAMED.findall(doc.read_text(encoding="utf-8"))]
    wrong = [why for path, name in named if path not in NOT_OURS and "mod_x" not in path and (why := fault(path, name))]
    assert not wrong


@pytest.mark.parametrize("doc", DOCS, ids=shown)
def test_links_lead_somewhere(doc: Path) -> None:
    targets = LINK.findall(doc.read_text(encoding="utf-8"))
    dead = [t for t in targets if not re.match(r"\w+:", t) and not (doc.parent / t).exists()]
    assert not dead


@pytest.mark.parametrize("name", ["stanza.md", "boot.md", "crash.md"])
def test_the_ways_name_their_stations(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    stations = [line for line in text.splitlines() if re.match(r"\| (\d+|[a-d]) \|", line)]
    assert len(stations) >= 9
    bare = [line for line in stations if "`" not in line.split("|")[2]]
    assert not bare, "a station without its file"


def test_the_tree_that_is_drawn_is_the_one_that_is_started() -> None:
    config = Config(Paths(ROOT), listen=(Listen(tls="off"),))  # so nobody reads a certificate
    _flags, specs = XmppdSup().init(config, {})
    drawn = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("─ xmppd_sup ")[2].partition("```")[0]
    [told] = [line for line in (ROOT / "docs" / "boot.md").read_text("utf-8").splitlines() if "XmppdSup.init" in line]
    names = re.findall(r"^ {6}[├└]─ (\w+)", drawn, re.MULTILINE)
    assert names == re.findall(r"\w+", told.partition("the list:")[2].partition(" last")[0])
    assert [name for name in names if name not in ("tls", "keepalive")] == [spec.id for spec in specs]


def test_the_check_would_find_a_fault() -> None:
    assert fault("stream/c2s.py", "C2s.handle_info") is None
    assert fault("stream/c2s.py", "C2s.wait_for_auth") is None, "an assigned name counts"
    assert fault("stream/c2s.py", "C2s.nothing") == "stream/c2s.py has no C2s.nothing"
    assert fault("stream/none.py", None) == "stream/none.py is not there"
    assert "ambiguous" in (fault("__init__.py", None) or "")


def test_names_of_otp_exist() -> None:
    modules = {p.stem: p for p in (ROOT / "otp").rglob("*.py") if p.name != "__init__.py"}
    text = (ROOT / "docs" / "otp.md").read_text(encoding="utf-8")
    here = "\n".join(line.split("|")[2] for line in text.splitlines() if line.count("|") >= 3)
    named = re.findall(r"(?<![\w./])([a-z_]+)\.([A-Za-z_]\w*)", here)
    checked = [(module, name) for module, name in named if module in modules and name != "py"]
    assert len(checked) > 50
    wrong = []
    for module, name in checked:
        dotted = ".".join(modules[module].relative_to(ROOT).with_suffix("").parts)
        if not hasattr(importlib.import_module(dotted), name):
            wrong.append(f"{module}.{name}")
    assert not wrong


def test_configurations_that_documents_show_are_right(tmp_path: Path) -> None:
    blocks = [
        (doc, text)
        for doc in DOCS
        if doc.parent in (ROOT, ROOT / "docs")
        for text in re.findall(r"```toml\n(.*?)```", doc.read_text("utf-8"), re.DOTALL)
    ]
    assert blocks
    wrong = []
    for doc, text in blocks:
        file = tmp_path / "shown.toml"
        file.write_text(text, encoding="utf-8")
        try:
            load(file, tmp_path, {})
        except ConfigError as error:
            wrong += [f"{shown(doc)}: {p}" for p in error.problems if "does not exist" not in str(p)]
    assert not wrong


def test_the_unit_file_calls_what_there_is() -> None:
    text = (ROOT / "rel" / "systemd" / "xmppd.service.in").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    _, verb, *flags = settings["ExecStart"].split()
    known = {option for p in main.every_verb().commands[verb].params for option in p.opts}
    assert {flag for flag in flags if flag.startswith("--")} <= known
    assert settings["RestartPreventExitStatus"] == str(EXIT_CONFIG)
    assert int(settings["TimeoutStopSec"]) > LimitsSection().drain_seconds * 2 + GRACE


def test_pages_that_sources_speak_of_exist() -> None:
    texts = [ROOT / "Makefile", *(p for p in FILES if p.suffix in (".py", ".toml", ".sh", ".story", ""))]
    dead = []
    for path in texts:
        if path.suffix != ".pyc" and path != Path(__file__):
            named = re.findall(r"\bdocs/[\w/-]+(?:\.md)?\b", path.read_text(encoding="utf-8", errors="replace"))
            dead += [f"{shown(path)}: {n}" for n in named if "NN" not in n and not list(ROOT.glob(f"{n}*"))]
    assert not dead


def test_each_dependency_is_used_and_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    reasons = set(re.findall(r"[\w-]+", " ".join(line.split("|")[1] for line in page.splitlines() if line[:2] == "| ")))
    names = {kind: {re.split(r"[\[<>=;]", spec)[0] for spec in specs} for kind, specs in (
        ("run", project["dependencies"]), ("dev", project["optional-dependencies"]["dev"]))}  # fmt: skip
    assert names["run"] | names["dev"] <= reasons, "each has its line in docs/dependencies.md"
    sources = "\n".join(p.read_text(encoding="utf-8") for p in FILES if p.suffix == ".py" and "tests" not in p.parts)
    imported = {"pyjwt": "jwt"}  # where it is another name than the package's
    unused = [
        n
        for n in names["run"]
        if not re.search(rf"^\s*(import|from) {imported.get(n, n).replace('-', '_')}\b", sources, re.MULTILINE)
    ]
    assert not unused
