"""mod_search — finds users of the host by the names in their cards, for users of the host; off unless it is asked for.

Way:  router → iq → [mod_search] → store; mod_vcard → CardWrittenHook → [mod_search] → store
XEP:  0055; 0004 (the same form as a data form)
Differs: an empty search finds nobody; a card is found once it has been written while this runs
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.search.matching import FIELDS, matches, names_of
from xmppd.routing.card_hook_points import CardWrittenHook
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import DiscoFeaturesHook
from xmppd.routing.iq import LOCAL
from xmppd.store import store
from xmppd.store.backend import Table
from xmppd.store.schema import create_table

XEP = {55: "1.3"}
_LABELS: Final = {"first": "Given Name", "last": "Family Name", "nick": "Nickname", "email": "Email"}
FORM: Final = Form(
    "form",
    (Field("FORM_TYPE", (ns.SEARCH,), "hidden"), *[Field(name, (), "text-single", _LABELS[name]) for name in FIELDS]),
    "Search for users",
    "Fill in one or more; a part of a name will do.",
)
_PORTION: Final = 500


@dataclass(frozen=True)
class Options:
    """`enabled`: whether users may be found at all, all that have a card. `results`: of one search at most."""

    enabled: bool = False
    results: int = 50


@dataclass(frozen=True, slots=True)
class FoundUser:
    """The names in an account's card, as they are shown."""

    host: str
    user: str
    first: str = field(default="", repr=False)
    last: str = field(default="", repr=False)
    nick: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


USERS: Final = Table("search_user", FoundUser, ("host", "user"))
MIGRATIONS: Final = (
    create_table("search_user", ("host", "user"), host=str, user=str, first=str, last=str, nick=str, email=str),
)


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Only where it is asked for."""
    return (*acc, ns.SEARCH) if mod.options.enabled and not point.to.local and not point.node else acc


@on(CardWrittenHook)
async def written(point: CardWrittenHook, mod: Mod) -> None:
    """The names of the card from now on; of one without any, none."""
    if not mod.options.enabled:
        return
    owner, names = point.owner, names_of(point.card)
    row = FoundUser(owner.domain, owner.local, **names)
    there = any(names.values())
    await store.transaction(lambda tx: tx.write(row) if there else tx.delete(USERS, (owner.domain, owner.local)))


@iq_handler(ns.SEARCH, "query", at=(LOCAL,), announce=())
async def search(iq: Iq, mod: Mod) -> Iq:
    """The fields, or who is found."""
    if not mod.options.enabled:
        raise StanzaError("service-unavailable")
    if iq.from_ is None or not iq.from_.local or iq.from_.domain != mod.host:
        raise StanzaError("forbidden", "only users of this host")
    assert iq.payload is not None
    if iq.type == "get":
        return iq.result(_asked_for())
    form = dataforms.find(iq.payload)
    wanted = _wanted(iq.payload, form)
    found = await _found(wanted, mod) if any(wanted.values()) else []
    return iq.result(_table(found) if form is not None else _items(found))


def _asked_for() -> Element:
    fields = [Element(ns.SEARCH, name) for name in FIELDS]
    return el(
        "query", ns.SEARCH, None, el("instructions", ns.SEARCH, None, FORM.instructions), *fields, FORM.to_element()
    )


def _wanted(query: Element, form: Form | None) -> dict[str, str]:
    """What is to be found, by field. Raises StanzaError."""
    if form is None:
        return {name: (query.child_text(name) or "").strip() for name in FIELDS}
    values = FORM.check(form)
    return {name: next(iter(values[name]), "").strip() for name in FIELDS}


async def _found(wanted: dict[str, str], mod: Mod) -> list[FoundUser]:
    """All accounts with names are looked at, in portions."""
    found: list[FoundUser] = []
    rows = await store.select(USERS, (mod.host,), limit=_PORTION)
    while rows and len(found) < mod.options.results:
        found += [row async for row in fairly(rows) if matches(wanted, _names(row))]
        rows = await store.select(USERS, (mod.host,), limit=_PORTION, after=rows[-1].user)
    return found[: mod.options.results]


def _names(row: FoundUser) -> dict[str, str]:
    return {name: getattr(row, name) for name in FIELDS}


def _items(found: list[FoundUser]) -> Element:
    """XEP: 0055 §2.1"""
    items = [
        el(
            "item", ns.SEARCH, {"jid": f"{row.user}@{row.host}"},
            *[el(name, ns.SEARCH, None, text or None) for name, text in _names(row).items()],
        )
        for row in found
    ]  # fmt: skip
    return el("query", ns.SEARCH, None, *items)


def _table(found: list[FoundUser]) -> Element:
    """XEP: 0055 §3"""
    columns = [Field("jid", (), "jid-single", "Jabber ID"), *[f for f in FORM.fields if f.var in FIELDS]]
    rows = [
        (Field("jid", (f"{row.user}@{row.host}",)), *[Field(name, (text,)) for name, text in _names(row).items()])
        for row in found
    ]
    type_ = Field("FORM_TYPE", (ns.SEARCH,), "hidden")
    return el(
        "query", ns.SEARCH, None, Form("result", (type_,), reported=tuple(columns), items=tuple(rows)).to_element()
    )
