"""query — what a client asks of an archive, as a value; and the form in which it may ask.

Way:      mod_mam, mod_muc → [query]
XEP:      0313 §4 (fields, paging, flipped pages), 0059, 0431 (full text), 0122 (an open list)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from xmpp_core import dataforms, ns, rsm, stamp
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.rsm import PageRequest

#: messages of one page, where the client does not say how many, and at most
USUAL: Final = 50
MOST: Final = 250
#: letters of what a client names its query
MOST_QUERYID: Final = 256
FULLTEXT: Final = f"{{{ns.FULLTEXT}}}fulltext"
_TYPES: Final = {
    "with": "jid-single",
    "start": "text-single",
    "end": "text-single",
    "before-id": "text-single",
    "after-id": "text-single",
    "ids": "list-multi",
}


@dataclass(frozen=True, slots=True)
class MamQuery:
    """`with_`: whose messages; `start`, `end`: from when until when, both with the ends; ids between which they lie, or
    which they have; `words`: that they say; `page`: which of them; `flipped`: the newest is sent first."""

    queryid: str | None = None
    with_: JID | None = None
    start: datetime | None = None
    end: datetime | None = None
    before_id: str = ""
    after_id: str = ""
    ids: tuple[str, ...] = ()
    words: str = field(default="", repr=False)
    page: PageRequest = field(default_factory=PageRequest)
    flipped: bool = False

    @property
    def limit(self) -> int:
        """How many messages the page has at most."""
        return self.page.limit(MOST) if self.page.max is not None else USUAL


def parse(element: Element, words: bool = False) -> MamQuery:
    """The query in <query/>; `words`: this archive can look for words. Raises StanzaError: bad-request for what cannot
    be read, feature-not-implemented for what we have not (a field, a node, a page by its number)."""
    queryid = element.get("queryid")
    if len(queryid or "") > MOST_QUERYID:
        raise StanzaError("bad-request", "the queryid is too long")
    if element.get("node") is not None:
        raise StanzaError("item-not-found", "this archive has no nodes")
    page = rsm.parse(element)
    if page.index is not None:
        raise StanzaError("feature-not-implemented", "pages are asked for by ids")
    found = element.child("x", ns.DATA_FORMS)
    form = dataforms.parse(found) if found is not None else Form("submit", (Field("FORM_TYPE", (ns.MAM,)),))
    if form.type != "submit" or form.form_type != ns.MAM:
        raise StanzaError("bad-request", "not the form of a query")
    known = {"FORM_TYPE", *_TYPES, *([FULLTEXT] if words else [])}
    if unknown := [item.var for item in form.fields if item.var not in known]:
        raise StanzaError("feature-not-implemented", f"no such field: {unknown[0][:100]}")
    ids = form.get("ids")
    if ids is not None and len(ids.values) > MOST:
        raise StanzaError("policy-violation", f"at most {MOST} ids")
    return MamQuery(
        queryid,
        _jid(form.value("with")),
        _time(form.value("start")),
        _time(form.value("end")),
        form.value("before-id"),
        form.value("after-id"),
        ids.values if ids is not None else (),
        form.value(FULLTEXT) if words else "",
        page,
        element.child("flip-page") is not None,
    )


def _jid(text: str) -> JID | None:
    try:
        return JID.parse(text.strip()) if text.strip() else None
    except JidError as error:
        raise StanzaError("bad-request", str(error)) from None


def _time(text: str) -> datetime | None:
    try:
        return stamp.parse_datetime(text) if text.strip() else None
    except ValueError:
        raise StanzaError("bad-request", "start and end are dates and times") from None


def form(words: bool = False) -> Element:
    """<query/> with the form: no field is required, and the list of ids is open (§4.1.5)."""
    fields = [Field("FORM_TYPE", (ns.MAM,), "hidden")] + [Field(var, (), kind) for var, kind in _TYPES.items()]
    if words:
        fields.append(Field(FULLTEXT, (), "text-single"))
    x = Form("form", tuple(fields)).to_element()
    ids = next(item for item in x.elements() if item.get("var") == "ids")
    ids.add(el("validate", ns.VALIDATE, {"datatype": "xs:string"}, el("open", ns.VALIDATE)))
    return el("query", ns.MAM, None, x)
