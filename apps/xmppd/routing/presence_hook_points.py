"""presence_hook_points — where modules add to what a client says of itself; see hook_points.

OTP:      cf. the use of c2s_self_presence and user_send_packet by mod_vcard_xupdate in ejabberd
Way:      mod_presence → hooks.run_fold → modules that know something of the account
XEP:      0398 §4
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.stanza import Presence
from xmppd.routing.hook_kinds import Fold
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class PresenceSaidHook(Fold["PresenceSaidHook", Presence]):
    """Available presence of this session is about to be told: once for all who may see it, to one to whom it is
    directed, or again in answer to a probe. In its c2s. Handlers add what the server knows of the account; what the
    client itself has said stays as it is with mod_presence, so each time begins with that."""

    session: C2sSession
