"""service — the commands of service administration: forms with names that all servers share, for commands of ours.

Way:      mod_adhoc → [service] → service_accounts, service_users, service_server, whose commands are carried out by
          commands.of_node()
XEP:      0133 §4 (each is a form and one or more calls of a registered command; nothing is carried out here)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xmpp_core import ns
from xmppd.commands import Caller, of_node
from xmppd.mods.adhoc import service_accounts, service_server, service_users
from xmppd.mods.adhoc.admin_form import ServiceCommand

_ALL: Final = (*service_accounts.COMMANDS, *service_users.COMMANDS, *service_server.COMMANDS)
#: by the full name of the node
NODES: Final[Mapping[str, ServiceCommand]] = {one.key: one for one in _ALL}
#: commands that older programs ask for, and why there are none (§4.6 was taken back)
RETRACTED: Final[Mapping[str, str]] = {
    f"{ns.ADMIN}#get-user-password": "no password is kept, only what logins are checked with (SCRAM keys)"
}


def offered(caller: Caller | None) -> list[ServiceCommand]:
    """Those that an administrator may call: nobody else any, and none whose registered command is not there."""
    if caller is None or caller.access != "admin":
        return []
    there = {one.key for one in of_node().offered(caller)}
    return [one for one in _ALL if one.behind in there]
