"""mod_poison — ends the process that handles a stanza with the word it is told: at the sender, or at the receiver.

It raises what otp.kernel.stall raises in a process that has computed for too long: what no part of the server catches.
"""

from __future__ import annotations

from dataclasses import dataclass

from otp.kernel.stall import OutOfTime
from xmpp_core.stanza import Stanza
from xmppd.gen_mod import Mod, on
from xmppd.routing.hook_points import UserReceivePacketHook, UserSendPacketHook


@dataclass(frozen=True)
class Options:
    """The words."""

    sender: str = "poison-for-the-sender"
    receiver: str = "poison-for-the-receiver"


@on(UserSendPacketHook)
def sent(stanza: Stanza, point: UserSendPacketHook, mod: Mod) -> Stanza:
    """At the sender."""
    if mod.options.sender in stanza.to_xml():
        raise OutOfTime
    return stanza


@on(UserReceivePacketHook)
def received(stanza: Stanza, point: UserReceivePacketHook, mod: Mod) -> Stanza:
    """At the receiver."""
    if mod.options.receiver in stanza.to_xml():
        raise OutOfTime
    return stanza
