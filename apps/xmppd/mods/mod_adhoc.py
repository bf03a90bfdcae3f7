"""mod_adhoc — the server's commands for clients: what a file declares with @command, as a form.

The server has them for administrators (`admins` of the configuration), an account has those that it may call on itself.

Way:  router → iq → [mod_adhoc] → commands.of_node(), which carries them out; hooks of mod_disco → [mod_adhoc]
XEP:  0050; 0004 (forms); 0030 (which there are)
"""

from __future__ import annotations

from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq
from xmppd import audit
from xmppd.commands import Caller, Command, CommandError, of_node
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.adhoc import forms, results
from xmppd.mods.adhoc.executions import Executions
from xmppd.mods.adhoc.refusals import refused
from xmppd.routing.hook_points import DiscoFeaturesHook, DiscoIdentitiesHook, DiscoItemsHook
from xmppd.routing.sm import sm

XEP = {50: "1.3.0"}
ACTIONS: Final = frozenset({"execute", "complete", "next", "prev", "cancel"})
_LIST: Final = el("identity", ns.DISCO_INFO, {"category": "automation", "type": "command-list", "name": "Commands"})


# --- which there are


@on(DiscoItemsHook)
def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """Those that the one who asks may call."""
    caller = _caller(point.to, point.from_, mod)
    if point.node != ns.COMMANDS or caller is None:
        return acc
    return (*acc, *[_item(command, point.to) for command in of_node().offered(caller)])


@on(DiscoIdentitiesHook)
def identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """Of the list, and of each command. Raises StanzaError forbidden for one that is for others."""
    if point.node == ns.COMMANDS:
        return (*acc, _LIST)
    command = _known(point.node)
    if command is None:
        return acc
    _allowed(command, _caller(point.to, point.from_, mod))
    attrs = {"category": "automation", "type": "command-node", "name": _name(command)}
    return (*acc, el("identity", ns.DISCO_INFO, attrs))


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Of each command."""
    return acc if _known(point.node) is None else (*acc, ns.COMMANDS, ns.DATA_FORMS)


def _item(command: Command, to: JID) -> Element:
    return el("item", ns.DISCO_ITEMS, {"jid": to.full, "node": command.key, "name": _name(command)})


def _name(command: Command) -> str:
    return f"{command.key}: {command.help}"


def _known(node: str) -> Command | None:
    return next((one for one in of_node().offered() if one.key == node), None) if node else None


def _caller(to: JID, from_: JID, mod: Mod) -> Caller | None:
    """As what this address may call the commands of `to`: an account on itself, an administrator on the server."""
    if to.local:
        return Caller(from_.bare_jid(), "account") if from_.bare == to.bare else None
    is_admin = mod.config is not None and mod.config.is_admin(from_)
    return Caller(from_.bare_jid(), "admin") if is_admin else None


def _allowed(command: Command, caller: Caller | None) -> Caller:
    if caller is None or command not in of_node().offered(caller):
        raise StanzaError("forbidden", type_="cancel")  # XEP-0050 §4.4
    return caller


# --- carrying one out


@iq_handler(ns.COMMANDS, "command", only="set")
async def execute(iq: Iq, mod: Mod) -> Iq:
    """One step of a command: a form or the result at once, then the result, or its end."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    command, session = _known(iq.payload.get("node") or ""), sm.own_session()
    if command is None:
        raise StanzaError("item-not-found", "there is no such command")
    caller = _allowed(command, _caller(iq.to, iq.from_, mod) if session is not None else None)
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
    params = forms.read(command, caller, iq.payload)
    begun.end(id_)
    return iq.result(await _carried_out(command, params, caller, id_))


async def _begin(iq: Iq, command: Command, caller: Caller, begun: Executions, safe: bool) -> Iq:
    """A form, or the result where there is nothing to be filled in."""
    assert iq.to is not None
    assert iq.payload is not None
    if (iq.payload.get("action") or "execute") != "execute":
        raise refused("bad-action", "nothing has begun that could go on or end")
    asked = forms.asked_for(command, caller)
    if not safe and any(param.is_secret for param in asked):
        raise StanzaError("not-authorized", "passwords are taken over TLS only")
    if not asked and not command.question:
        params = forms.read(command, caller, iq.payload)
        return iq.result(await _carried_out(command, params, caller, begun.new_id()))
    id_ = begun.begin(command.key, iq.to, CLOCK.monotonic())
    actions = el("actions", ns.COMMANDS, {"execute": "complete"}, Element(ns.COMMANDS, "complete"))
    form = forms.form_of(command, caller).to_element()
    return iq.result(_told(command, id_, "executing", actions, form))


async def _carried_out(command: Command, params: dict[str, object], caller: Caller, id_: str) -> Element:
    if caller.access == "admin":
        audit.tell(audit.ADMIN, "command of an administrator", audit.quoted(caller.jid.bare), command.key)
    try:
        answer = await of_node().carry_out(command.key, params, caller)
    except CommandError as error:
        return _told(command, id_, "completed", results.note(str(error), "error"))
    return _told(command, id_, "completed", *results.elements(command, answer))


def _told(command: Command, id_: str, status: str, *content: Element) -> Element:
    return el("command", ns.COMMANDS, {"node": command.key, "sessionid": id_, "status": status}, *content)
