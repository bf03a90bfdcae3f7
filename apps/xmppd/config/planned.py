"""planned — the names of modules that administrators of other servers look for, and that we do not have yet.

OTP:      none; cf. the module lists of ejabberd and Prosody
Way:      config.load → [planned]: "not there yet" instead of a wrong guess
"""

from __future__ import annotations

from typing import Final

PLANNED: Final = frozenset({
    "mod_admin_extra", "mod_blocklist", "mod_bosh", "mod_carboncopy",
    "mod_cloud_notify", "mod_configure", "mod_fail2ban", "mod_groups", "mod_http", "mod_http_api",
    "mod_http_file_share", "mod_http_files",
    "mod_http_upload", "mod_invites", "mod_irc", "mod_limits", "mod_mqtt", "mod_muc_mam", "mod_multicast",
    "mod_pep_vcard_conversion", "mod_posix", "mod_privacy", "mod_proxy65",
    "mod_s2s", "mod_s2s_dialback", "mod_s2s_in", "mod_s2s_out", "mod_saslauth", "mod_service_log",
    "mod_sip", "mod_smacks", "mod_stream_mgmt", "mod_tls", "mod_tokens", "mod_uptime", "mod_vcard_legacy",
    "mod_vcard_xupdate",
    "mod_watchregistrations", "mod_websocket",
})  # fmt: skip
