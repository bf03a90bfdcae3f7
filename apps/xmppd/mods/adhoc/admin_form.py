"""admin_form — a command of service administration: a form with names that all servers share, and what it calls.

Way:      service_accounts, service_users, service_server → [admin_form] → commands.of_node(), which carries them out
XEP:      0133 §4, §6.2 (the fields); 0068
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.commands import Caller, CommandError, of_node

Values = Mapping[str, tuple[str, ...]]

#: accounts that one form may name
MOST_ACCOUNTS: Final = 100
TYPE: Final = Field("FORM_TYPE", (ns.ADMIN,), "hidden")
#: a JID that is none is told as what else is wrong with it: in words, when the command is carried out
_AS_TEXT: Final = {"jid-single": "text-single", "jid-multi": "text-multi"}


@dataclass(frozen=True, slots=True)
class AdminForm:
    """A form that was filled in: its values, by whom, and of which host."""

    values: Values = field(repr=False)
    caller: Caller
    host: str

    def one(self, name: str) -> str:
        """The value of a field, "" if there is none."""
        found = self.values.get(name, ())
        return found[0] if found else ""

    def lines(self, name: str) -> str:
        """The lines of a field as one text, without empty ones at its end."""
        return "\n".join(self.values.get(name, ())).rstrip()

    def jids(self, name: str) -> list[str]:
        """The values of a field, each once, without empty ones."""
        return list(dict.fromkeys(filter(None, self.values.get(name, ()))))

    def account(self) -> str:
        """The one account that is named. Raises CommandError."""
        found = dict.fromkeys([bare_of(one) for one in (*self.jids("accountjid"), *self.jids("accountjids"))])
        if len(found) != 1:
            raise CommandError("one account is wanted")
        return next(iter(found))

    def accounts(self) -> tuple[str, ...]:
        """The accounts named; of a full JID that whose it is. Raises CommandError for too many."""
        return tuple(dict.fromkeys([bare_of(one) for one in self.named()]))

    def named(self) -> tuple[str, ...]:
        """What is named as it was written. Raises CommandError for too many."""
        found = tuple(self.jids("accountjids"))
        if len(found) > MOST_ACCOUNTS:
            raise CommandError(f"more than {MOST_ACCOUNTS} accounts in one form")
        return found

    async def call(self, name: str, **params: Any) -> Any:
        """What a registered command gives. Raises CommandError."""
        return (await of_node().carry_out(name, params, self.caller)).value


Found: TypeAlias = tuple[Field | Element, ...]
Run: TypeAlias = Callable[[AdminForm], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class ServiceCommand:
    """One of the commands: its node, its words, its fields, the registered command behind it, and how that is called;
    `run` returns what the result form has beside its type. `fill` returns what the fields have now, by name."""

    node: str
    help: str
    fields: tuple[Field, ...]
    behind: str
    run: Run
    fill: Callable[[AdminForm], Awaitable[Values]] | None = None

    @property
    def key(self) -> str:
        """The node's full name."""
        return f"{ns.ADMIN}#{self.node}"

    async def form(self, asked: AdminForm) -> Form:
        """What is to be filled in, without fields if nothing is. Raises CommandError."""
        if not self.fields:
            return Form("form", (), self.help)
        now = await self.fill(asked) if self.fill is not None else {}
        fields = [replace(one, values=now.get(one.var, one.values)) for one in self.fields]
        return Form("form", (TYPE, *fields), self.help)

    @property
    def wanted(self) -> Form:
        """What a form that is filled in is held to."""
        fields = [replace(one, type=_AS_TEXT.get(one.type, one.type)) for one in self.fields]
        return Form("form", (TYPE, *fields) if fields else ())


async def carried_out(command: ServiceCommand, asked: AdminForm) -> list[Element]:
    """What goes into <command status='completed'/>: a form of type result, or nothing. Raises CommandError."""
    found = await command.run(asked)
    if not found:
        return []
    fields = tuple([one for one in found if isinstance(one, Field)])
    form = Form("result", (TYPE, *fields)).to_element()
    return [form.with_children(*form.children, *[one for one in found if isinstance(one, Element)])]


def each(name: str, full: bool = False) -> Run:
    """Calls a command for each account that the form names, `full`: or session; those that can be served are, then the
    rest is told."""

    async def run(asked: AdminForm) -> Found:
        failed = []
        for account in asked.named() if full else asked.accounts():
            try:
                await asked.call(name, user=account)
            except CommandError as error:
                failed.append(str(error))
        if failed:
            raise CommandError("; ".join(failed))
        return ()

    return run


def bare_of(text: str) -> str:
    """What a full JID is a resource of, as text; another one as it is."""
    return text.partition("/")[0]


def bare_of_row(row: Mapping[str, Any]) -> str:
    """Whose a session is."""
    return JID.parse(row["jid"]).bare


ACCOUNT: Final = Field("accountjid", (), "jid-single", "The account", required=True)
ACCOUNTS: Final = Field("accountjids", (), "jid-multi", "The accounts", required=True)
