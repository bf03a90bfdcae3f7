"""stages — for the nodes of tests.support.core_cluster: an archive that notes what passes, and a state of accounts.

await call(node, "archive", waits=True)      # on each node
await call(node, "archived")                 # [(account, text), …] in the order of this node
"""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.kernel import rpc
from otp.stdlib import gen_server
from tests.support.mesh import SECONDS
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Stanza
from xmppd.routing import hooks
from xmppd.routing.account import account, accounts
from xmppd.routing.account.account import AccountState
from xmppd.routing.handler_table import HandlerEntry, InsertEntry
from xmppd.routing.hook_points import AccountReceivesHook, Stage, UserReceivePacketHook

_seen: list[tuple[str, str]] = []
_ids: list[str] = []
_stored = {"words": ""}
_loads: list[str] = []


async def _load(owner: JID) -> str:
    _loads.append(owner.bare)
    await process.sleep(0)
    return _stored["words"]


WORDS: AccountState[str] = AccountState("words", _load)


def _keep(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
    if not isinstance(stanza, Message) or stanza.body is None:
        return stanza
    _seen.append((point.account.jid.local, stanza.body))
    point.context.archive_id = f"{process.node()}-{len(_seen)}"
    return stanza


async def _keep_later(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
    await process.sleep(0.001)
    return _keep(stanza, point)


def _id(stanza: Stanza | None, point: UserReceivePacketHook) -> Stanza | None:
    if isinstance(stanza, Message) and point.context is not None:
        _ids.append(point.context.archive_id)
    return stanza


def _say(stanza: Stanza | None, point: AccountReceivesHook) -> Any:
    if isinstance(stanza, Message):
        _seen.append((WORDS.of(point.account), stanza.body or ""))
    return stanza


@rpc.exported
async def archive(waits: bool = False) -> None:
    """Begin to keep, and to note what clients of this node are told of it."""
    await hooks.add("localhost", AccountReceivesHook, _keep_later if waits else _keep, Stage.ARCHIVE)
    await hooks.add("localhost", UserReceivePacketHook, _id, Stage.MODULES)


@rpc.exported
async def states() -> None:
    """Begin to note what WORDS is for each message's account."""
    await gen_server.call(hooks.TABLE, InsertEntry(HandlerEntry(("localhost", AccountState), 50, "", WORDS)))
    await hooks.add("localhost", AccountReceivesHook, _say, Stage.BLOCK)
    account.forget("")


@rpc.exported
def store(words: str) -> None:
    """What this node finds in the store from now on."""
    _stored["words"] = words


@rpc.exported
async def changed(bare: str) -> None:
    await accounts.changed(JID.parse(bare))


@rpc.exported
def archived() -> list[tuple[str, str]]:
    return _seen


@rpc.exported
def ids() -> list[str]:
    return _ids


@rpc.exported
def loads() -> int:
    return len(_loads)


async def call(name: str, what: str, *args: Any) -> Any:
    return await rpc.call(name, f"tests.support.stages:{what}", *args, timeout=SECONDS)
