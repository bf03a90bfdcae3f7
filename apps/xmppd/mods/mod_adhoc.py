"""mod_adhoc — the server's commands for clients: what a file declares with @command, as a form.

The server has them for administrators (`admins` of the configuration), an account has those that it may call on itself;
an administrator's has those of XEP-0133 too, where many programs look for them.

Way:  router → iq → [mod_adhoc] → commands.of_node(), which carries them out; hooks of mod_disco → [mod_adhoc]
XEP:  0050; 0133 (the same under names that all servers share); 0004 (forms); 0030 (which there are)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from otp.erts.clock import CLOCK
from xmpp_core import ns
from xmpp_core.dataforms import Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq
from xmppd import audit
from xmppd.commands import Caller, Command, CommandError, of_node
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.adhoc import forms, results, service
from xmppd.mods.adhoc.admin_form import AdminForm, ServiceCommand, carried_out
from xmppd.mods.adhoc.executions import Executions
from xmppd.mods.adhoc.refusals import refused
from xmppd.routing import hooks
from xmppd.routing.hook_points import DiscoFeaturesHook, DiscoIdentitiesHook, DiscoItemsHook
from xmppd.routing.login_hook_points import IsAdminHook
from xmppd.routing.sm import sm

XEP = {50: "1.3.0", 133: "1.3.1"}
ACTIONS: Final = frozenset({"execute", "complete", "next", "prev", "cancel"})
_LIST: Final = el("identity", ns.DISCO_INFO, {"category": "automation", "type": "command-list", "name": "Commands"})


# --- which there are


@on(DiscoItemsHook)
async def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """Those that the one who asks may call."""
    if point.node != ns.COMMANDS:
        return acc
    asker = await _asker(point.to, point.from_, mod)
    return (*acc, *[_item(command, point.to) for command in _offered(asker)])


@on(DiscoIdentitiesHook)
async def identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """Of the list, and of each command. Raises StanzaError forbidden for one that is for others."""
    if point.node == ns.COMMANDS:
        return (*acc, _LIST)
    command = _known(point.node)
    if command is None:
        return acc
    _allowed(command, await _asker(point.to, point.from_, mod))
    attrs = {"category": "automation", "type": "command-node", "name": _name(command)}
    return (*acc, el("identity", ns.DISCO_INFO, attrs))


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Of each command."""
    return acc if _known(point.node) is None else (*acc, ns.COMMANDS, ns.DATA_FORMS)


def _offered(asker: CommandAsker) -> list[Command | ServiceCommand]:
    own = of_node().offered(asker.caller) if asker.caller is not None else []
    return [*own, *service.offered(asker.admin)]


def _item(command: Command | ServiceCommand, to: JID) -> Element:
    return el("item", ns.DISCO_ITEMS, {"jid": to.full, "node": command.key, "name": _name(command)})


def _name(command: Command | ServiceCommand) -> str:
    return f"{command.key}: {command.help}" if isinstance(command, Command) else command.help


def _known(node: str) -> Command | ServiceCommand | None:
    if node in service.NODES:
        return service.NODES[node]
    return next((one for one in of_node().offered() if one.key == node), None) if node else None


class CommandAsker(NamedTuple):
    """As what somebody may call commands at an address: those of the server's own names, and those of XEP-0133."""

    caller: Caller | None = None
    admin: Caller | None = None


async def _asker(to: JID, from_: JID, mod: Mod) -> CommandAsker:
    """An account on itself, an administrator on the server."""
    by_config = mod.config is not None and mod.config.is_admin(from_)
    is_admin = await hooks.run_fold(mod.host, IsAdminHook(from_.bare_jid()), by_config)
    admin = Caller(from_.bare_jid(), "admin") if is_admin else None
    if not to.local:
        return CommandAsker(admin, admin)
    return CommandAsker(Caller(from_.bare_jid(), "account"), admin) if from_.bare == to.bare else CommandAsker()


def _allowed(command: Command | ServiceCommand, asker: CommandAsker) -> Caller:
    if command not in _offered(asker):
        raise StanzaError("forbidden", type_="cancel")  # XEP-0050 §4.4
    caller = asker.admin if isinstance(command, ServiceCommand) else asker.caller
    assert caller is not None
    return caller


# --- carrying one out


@iq_handler(ns.COMMANDS, "command", only="set")
async def execute(iq: Iq, mod: Mod) -> Iq:
    """One step of a command: a form or the result at once, then the result, or its end."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    node, session = iq.payload.get("node") or "", sm.own_session()
    command = _known(node)
    asker = await _asker(iq.to, iq.from_, mod) if session is not None else CommandAsker()
    if command is None:
        if asker.admin is not None and node in service.RETRACTED:
            raise StanzaError("feature-not-implemented", service.RETRACTED[node])
        raise StanzaError("item-not-found", "there is no such command")
    caller = _allowed(command, asker)
    assert session is not None
    action, id_ = iq.payload.get("action") or "execute", iq.payload.get("sessionid")
    if action not in ACTIONS:
        raise refused("malformed-action", "there is no such action")
    begun = session.module_state(mod.name, Executions)
    if id_ is None:
        return await _begin(iq, command, caller, begun, session.safe)
    begun.check(id_, command.key, iq.to, CLOCK.monotonic())
    if action == "cancel":
        begun.end(id_)
        return iq.result(_told(command, id_, "canceled"))
    if action in ("prev", "next"):
        raise refused("bad-action", "it has one form")
    content = await _content(iq, iq.payload, command, caller, lambda: begun.end(id_))
    return iq.result(_told(command, id_, "completed", *content))


async def _begin(iq: Iq, command: Command | ServiceCommand, caller: Caller, begun: Executions, safe: bool) -> Iq:
    """A form, or the result where there is nothing to be filled in."""
    assert iq.to is not None
    assert iq.payload is not None
    if (iq.payload.get("action") or "execute") != "execute":
        raise refused("bad-action", "nothing has begun that could go on or end")
    try:
        form = await _form(command, caller, iq.to.domain)
    except CommandError as error:
        raise StanzaError("internal-server-error", str(error)) from None
    if not safe and any(field.type == "text-private" for field in form.fields):
        raise StanzaError("not-authorized", "passwords are taken over TLS only")
    if not form.fields and not (isinstance(command, Command) and command.question):
        content = await _content(iq, iq.payload, command, caller)
        return iq.result(_told(command, begun.new_id(), "completed", *content))
    id_ = begun.begin(command.key, iq.to, CLOCK.monotonic())
    actions = el("actions", ns.COMMANDS, {"execute": "complete"}, Element(ns.COMMANDS, "complete"))
    return iq.result(_told(command, id_, "executing", actions, form.to_element()))


async def _form(command: Command | ServiceCommand, caller: Caller, host: str) -> Form:
    """Raises CommandError."""
    if isinstance(command, Command):
        return forms.form_of(command, caller)
    return await command.form(AdminForm({}, caller, host))


async def _content(
    iq: Iq,
    payload: Element,
    command: Command | ServiceCommand,
    caller: Caller,
    taken: Callable[[], None] = lambda: None,
) -> list[Element]:
    """What a command that is carried out has to say; `taken` is called when its form is good. Raises StanzaError."""
    assert iq.to is not None
    work: Awaitable[list[Element]]
    if isinstance(command, Command):
        params = forms.read(command, caller, payload)
        work = _called(command, params, caller)
    else:
        work = carried_out(command, AdminForm(forms.checked(command.wanted, payload), caller, iq.to.domain))
    taken()
    if caller.access == "admin":
        audit.tell(audit.ADMIN, "command of an administrator", audit.quoted(caller.jid.bare), command.key)
    try:
        return await work
    except CommandError as error:
        return [results.note(str(error), "error")]


async def _called(command: Command, params: dict[str, object], caller: Caller) -> list[Element]:
    return results.elements(command, await of_node().carry_out(command.key, params, caller))


def _told(command: Command | ServiceCommand, id_: str, status: str, *content: Element) -> Element:
    return el("command", ns.COMMANDS, {"node": command.key, "sessionid": id_, "status": status}, *content)
