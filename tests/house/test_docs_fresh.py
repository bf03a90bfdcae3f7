"""test_docs_fresh — the pages made from the code are those that are checked in."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from defusedxml import ElementTree

from xmppd.mods import mod_mam

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "make_docs.py"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XMPP = "{https://linkmauve.fr/ns/xmpp-doap#}"


def pages() -> Mapping[str, Callable[[], str]]:
    """What the script would write, by file name; what it uses lies beside it."""
    sys.path.insert(0, str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("make_docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPT.parent))
    found: Mapping[str, Callable[[], str]] = module.PAGES
    return found


PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_fresh(name: str) -> None:
    checked_in = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert checked_in == PAGES[name](), f"docs/{name} is not what the code says: make docs"


def test_pages_hold_what_they_are_for() -> None:
    made = {name: make() for name, make in PAGES.items()}
    assert made["subscriptions.md"].count("\n| none / none |") == 8
    assert sum(line.count(" / ") == 2 for line in made["subscriptions.md"].splitlines() if line[:1] == "|") == 72
    assert "`listener_sup`" in made["supervision.md"]
    assert "XEP-0199" in made["xeps.md"]
    assert "`user add USER [PASSWORD]`" in made["commands.md"]
    assert "`plain_without_tls`" in made["config.md"]
    assert "mod_roster.py:send_subscription (seq 30)" in made["hooks.md"]


def test_the_doap_file_names_what_the_code_follows() -> None:
    """XEP-0453 §4: each XEP once, with the version of the module; what no module declares, a file says itself."""
    made, doap = ElementTree.fromstring(PAGES["doap.xml"]()), sys.modules["_doap"]
    found = {
        int(xep.attrib[f"{RDF}resource"][-9:-5]): (one.findtext(f"{XMPP}status"), one.findtext(f"{XMPP}version"))
        for one in made.iter(f"{XMPP}SupportedXep")
        if (xep := one.find(f"{XMPP}xep")) is not None
    }
    assert sum(1 for _ in made.iter(f"{XMPP}SupportedXep")) == len(found)
    assert {number: version for number, (_, version) in found.items()} == doap.versions()
    assert found[313] == ("complete", mod_mam.XEP[313])
    assert found[60][0] == "partial"
    assert {status for status, _ in found.values()} <= {"complete", "partial", "deprecated"}
    for number, (version, file) in doap.SERVER.items():
        assert found[number][1] == version, "a module declares it too"
        assert re.search(rf"\b{number:04}\b", (ROOT / file).read_text(encoding="utf-8")), (number, file)


#: fired by whoever tells a client about its archive at its login
AWAITED = {"ArchiveEndsHook", "CatchesUpHook"}


def test_what_the_code_has_is_on_its_page() -> None:
    hooks = PAGES["hooks.md"]()
    fired = {part.splitlines()[0] for part in hooks.split("\n## ") if "- fired by: nobody" in part}
    assert "- fired by: `" in hooks
    assert fired <= AWAITED, "a hook point that nobody fires"
