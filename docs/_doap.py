"""_doap — docs/doap.xml, what the server follows, in the form that programs read (XEP-0453): a part of make_docs.

XEPs of modules come from their constant XEP. What the server does without a module stands in `SERVER`, each with a file
whose head, or whose text, names that XEP.
"""

from __future__ import annotations

import tomllib
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from _md import ROOT, mod_modules

from xmppd.mods.caps import own_caps

_XMPP: Final = "https://linkmauve.fr/ns/xmpp-doap#"
RFCS: Final = (6120, 6121, 7590, 7622)
#: number: version, and the file that is about it
SERVER: Final = {
    4: ("2.13.2", "apps/xmpp_core/dataforms.py"),
    68: ("1.3.0", "apps/xmpp_core/dataforms.py"),
    78: ("2.5", "apps/xmpp_core/stream_fsm.py"),
    114: ("1.6", "apps/xmppd/stream/component.py"),
    368: ("1.1.0", "apps/xmppd/net/tls.py"),
    386: ("1.1.0", "apps/xmpp_core/sasl2_answers.py"),
    388: ("1.0.4", "apps/xmpp_core/sasl2_answers.py"),
    440: ("1.0.0", "apps/xmpp_core/stream_answers.py"),
    474: ("0.5.0", "apps/xmpp_core/sasl/mechanisms.py"),
}
#: which of them are not there as a whole, in the words of XEP-0453 §4.2, and why
NOT_COMPLETE: Final = {
    60: ("partial", "What disco#info says: no options of subscriptions, no leases, no list of who waits for approval."),
    78: ("deprecated", "Where it is configured, under TLS only."),
}


def doap() -> str:
    """The file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rfcs = [f"    <implements rdf:resource='https://xmpp.org/rfcs/rfc{number}.html'/>\n" for number in RFCS]
    xeps = [_supported(number, version) for number, version in sorted(versions().items())]
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<!-- made from the code by `make docs`; edits here are lost -->\n"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://usefulinc.com/ns/doap#'\n"
        f"         xmlns:xmpp='{_XMPP}'>\n"
        f"  <Project>\n    <name>{escape(project['name'])}</name>\n"
        f"    <shortdesc xml:lang='en'>{escape(project['description'])}</shortdesc>\n"
        f"    <homepage rdf:resource={quoteattr(own_caps.NODE)}/>\n"
        f"    <license rdf:resource='https://spdx.org/licenses/{project['license']}'/>\n"
        "    <programming-language>Python</programming-language>\n    <os>Linux</os>\n"
        f"    <category rdf:resource='{_XMPP}category-server'/>\n"
        f"{''.join(rfcs)}{''.join(xeps)}  </Project>\n</rdf:RDF>\n"
    )


def versions() -> dict[int, str]:
    """The version of each XEP that the server follows, by its number."""
    found = {number: version for number, (version, _) in SERVER.items()}
    for module in mod_modules():
        found |= getattr(module, "XEP", {})
    return found


def _supported(number: int, version: str) -> str:
    status, note = NOT_COMPLETE.get(number, ("complete", ""))
    noted = f"        <xmpp:note xml:lang='en'>{escape(note)}</xmpp:note>\n" if note else ""
    return (
        "    <implements>\n      <xmpp:SupportedXep>\n"
        f"        <xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-{number:04}.html'/>\n"
        f"        <xmpp:status>{status}</xmpp:status>\n        <xmpp:version>{version}</xmpp:version>\n{noted}"
        "      </xmpp:SupportedXep>\n    </implements>\n"
    )
