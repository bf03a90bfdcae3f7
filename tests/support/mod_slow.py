"""mod_slow — a module for tests on the wire: now and then a stage waits, as one does whose answer lies on a slow disk.

Configured as [modules."tests.support.mod_slow"]. A message in `often` of all waits for up to `most` seconds.

Way:  stages → AccountSendsHook, AccountReceivesHook → [mod_slow]
"""

from __future__ import annotations

import random
from typing import Final

from otp.erts import process
from xmpp_core.stanza import Message, Stanza
from xmppd.gen_mod import Mod, on
from xmppd.routing.hook_points import AccountReceivesHook, AccountSendsHook, Stage

XEP: dict[int, str] = {}
#: the part of messages that wait, and for how many seconds at most
OFTEN: Final = 0.2
MOST: Final = 0.05


@on(AccountSendsHook, seq=Stage.FILTER)
async def sends(stanza: Stanza, point: AccountSendsHook, mod: Mod) -> Stanza:
    """Before the archive of who sends it."""
    return await _slowly(stanza)


@on(AccountReceivesHook, seq=Stage.FILTER)
async def receives(stanza: Stanza, point: AccountReceivesHook, mod: Mod) -> Stanza:
    """Before the archive of who gets it."""
    return await _slowly(stanza)


async def _slowly(stanza: Stanza) -> Stanza:
    if isinstance(stanza, Message) and random.random() < OFTEN:
        await process.sleep(random.random() * MOST)
    return stanza
