"""others — the words of prosodyctl and ejabberdctl: which verb of ours each is, or a sentence where there is none.

OTP:      none; cf. `prosodyctl help`, `ejabberdctl help`
Way:      cli.main → [others] → the verb

A verb is written with the words that take its arguments: `{0}@{1}` is what stands first and second. So written
arguments are taken when there are as many as the words use and the first one is no address; others go to the verb as
they are, and the verb says what is wrong with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_TABLES = "`db backup` writes all tables to one file, and `db restore` puts them back"
_BRING = "accounts of other servers cannot be brought in yet: `user add` makes one at a time"
_SRG = "there are no shared roster groups; `roster add` adds one contact to one account"
_S2S = "this server does not talk to other servers yet"
_LEVEL = 'set [log] level in the configuration and `reload`, or start with --set log.level="debug"'
_SEND = "messages are sent by clients only"
_PLUGINS = "a module of another package is installed with pip and named in [modules]: docs/modules.md"
_ROOMS = "there are no rooms yet"
_VERSION = ("--version",)
_USER = "{0}@{1}"

#: word → the words of our verb
VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "about": _VERSION,
    "version": _VERSION,
    "help": ("--help",),
    "check": ("config", "check"),
    "backup": ("db", "backup", "{0}"),
    "dump": ("db", "backup", "{0}"),
    "restore": ("db", "restore", "{0}"),
    "load": ("db", "restore", "{0}"),
    "register": ("user", "add", _USER, "{2}"),
    "unregister": ("user", "del", _USER),
    "check_account": ("user", "show", _USER),
    "change_password": ("user", "passwd", _USER, "{2}"),
    "set_password": ("user", "passwd", _USER, "{2}"),
    "ban_account": ("user", "disable", _USER, "--reason", "{2}"),
    "unban_account": ("user", "enable", _USER),
    "kick_user": ("session", "kick", _USER),
    "kick_session": ("session", "kick", "{0}@{1}/{2}", "--reason", "{3}"),
    "user_sessions_info": ("session", "list", _USER),
    "user_resources": ("session", "list", _USER),
    "connected_users_info": ("session", "list"),
    "num_resources": ("user", "show", _USER),
    "get_roster": ("roster", "list", _USER),
    "add_rosteritem": ("roster", "add", _USER, "{2}@{3}", "--name", "{4}", "--group", "{5}"),
    "delete_rosteritem": ("roster", "remove", _USER, "{2}@{3}"),
    "started": ("ping",),
    "stats": ("status",),
    "stats_host": ("status",),
    "connected_users_number": ("status",),
    "list_cluster": ("status",),
    "update": ("upgrade", "{0}"),
    "debug": ("shell",),
    "live": ("foreground",),
    "reopen_log": ("reload",),
    "reload-config": ("reload",),
}
#: topic of prosodyctl's `check` → why `config check` does not look at it; "" where it does
CHECKS: Final[Mapping[str, str]] = {
    "config": "",
    "certs": "",
    "dns": "names are not looked up: docs/operate.md has the records that a server needs",
    "connectivity": "only somebody outside can tell whether the ports are open: docs/operate.md names them",
    "features": "`config explain modules` lists what is there",
}
#: word → why there is no such verb, and what does it
SENTENCES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("dump_table", "install_fallback"), _TABLES),
    **dict.fromkeys(("import_prosody", "import_file", "import_dir", "import_piefxis", "import", "export"), _BRING),
    **dict.fromkeys(("export_piefxis", "export2sql", "convert_to_scram", "migrate", "migrator"), _BRING),
    **dict.fromkeys(("srg_create", "srg_delete", "srg_list", "srg_get_info", "srg_user_add", "srg_user_del"), _SRG),
    **dict.fromkeys(("incoming_s2s_number", "outgoing_s2s_number", "stop_s2s_connections"), _S2S),
    **dict.fromkeys(("set_loglevel", "get_loglevel"), _LEVEL),
    **dict.fromkeys(("send_message", "send_stanza", "send_stanza_c2s", "send_direct_invitation"), _SEND),
    **dict.fromkeys(("install", "list", "remove", "modules_available", "module_install"), _PLUGINS),
    **dict.fromkeys(("create_room", "destroy_room", "muc_online_rooms", "get_room_options"), _ROOMS),
    "cert": "name the certificate in [tls] or [host.NAME]; `config check` says whether it fits: docs/operate.md",
    "request_certificate": "an ACME client gets certificates; name its files in [tls], `reload` after a renewal",
    "list_certificates": "`start` and `status` name the certificate of each host, `config check` what is wrong with it",
    "delete_old_users": "`user list` and `user show` tell of each account, `user del` removes one",
    "delete_expired_messages": "messages that have expired are never delivered, and go when their user comes",
    "delete_old_messages": "[limits] offline_messages bounds what is kept for a user",
    "mnesia_info": "there is no Mnesia: `config show` says which store is in use",
    "get_cookie": "the workers' secret is made anew at each start and leaves no process",
    "join_cluster": "all nodes of this server run on one machine: `workers` says how many",
    "leave_cluster": "all nodes of this server run on one machine: `workers` says how many",
    "push_roster": "`roster add` adds one contact to one account",
    "process_rosteritems": "`roster list`, `roster add` and `roster remove` work on one account",
    "get_vcard": "vCards are their owners': a client shows and sets them",
    "set_vcard": "vCards are their owners': a client shows and sets them",
    "set_presence": "presence is the clients' affair",
    "get_last": "`session list` says who is connected, and since when",
    "set_master": "there is no master: all workers are alike",
}


def sentence(name: str, given: Sequence[str]) -> str:
    """Return why there is no verb of ours for a word of another server's; "" if there is one."""
    if name == "check" and given:
        return CHECKS.get(given[0], f"there is no check of {given[0]}")
    return SENTENCES.get(name, "")


def words_for(name: str, given: Sequence[str]) -> list[str]:
    """Return the words of our verb for a word of another server's and what was given to it."""
    verb = VERBS[name]
    if name == "check":
        return [*verb, *given[1:]]
    wanted = {int(digit) for word in verb for digit in re.findall(r"\{(\d)\}", word)}
    fixed = [word for word in verb if "{" not in word]
    if wanted and len(given) == len(wanted) and "@" not in given[0]:
        return [word.format(*given) for word in verb]
    return [*(word for word in fixed if not word.startswith("--") or word in _VERSION or word == "--help"), *given]
