"""auth_section — the keys that say how clients log in: `[auth]`.

Way:      config.schema → [auth_section]; listeners and auth read it
RFC:      6120 §6
XEP:      0178, 0474, 0078
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from xmpp_core import prep
from xmpp_core.jid import JID, JidError
from xmppd.config.kinds import Flag, Many, Number, OneOf, Pairs, Seconds, Text
from xmppd.config.setting import setting

#: signatures of tokens that public keys check (RFC 7518 §3.1, 8037 §3.1); the others are for shared secrets, or none
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MECHANISMS = (
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
)


def domain(text: str) -> str:
    """Check a domain name (or IP literal) and give it as streams have it: U-labels, lower case, no dot at the end."""
    try:
        return prep.domain(text)
    except prep.PrepError:
        raise ValueError(f'must be a domain name, not "{text}"') from None


def account(text: str) -> str:
    """The bare JID of an account as it is compared. Raises ValueError."""
    try:
        jid = JID.parse(text)
    except JidError as error:
        raise ValueError(f'must be an account, NAME@HOST, not "{text}": {error}') from None
    if not jid.local or jid.resource:
        raise ValueError(f'must be an account, NAME@HOST, not "{text}"')
    return jid.bare


def service_url(text: str) -> str:
    """Check the URL of an HTTP service that is told passwords: by TLS, or on this machine. Raises ValueError."""
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0 and text.isascii() and text.isprintable() and " " not in text
    except ValueError:
        good = False
    if not good or parts.username or parts.fragment or parts.scheme not in ("http", "https"):
        raise ValueError(f'must be a URL, https://HOST/PATH, not "{text}"')
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise ValueError(f'must begin with https, since passwords are sent there, not "{text}"')
    return text


#: who may be told passwords without TLS
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def token(text: str) -> str:
    """Check a secret that is sent as a bearer's token. Raises ValueError. RFC: 6750 §2.1"""
    if text and not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise ValueError("must be of letters, digits and . _ ~ + / - only")
    return text


def directory_url(text: str) -> str:
    """Check the URL of a directory: where it is, and no more; the rest has keys of its own. Raises ValueError."""
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0 and text.isascii() and text.isprintable() and " " not in text
    except ValueError:
        good = False
    more = good and (parts.username or parts.path.strip("/") or parts.query or parts.fragment)
    if not good or more or parts.scheme not in ("ldap", "ldaps"):
        raise ValueError(f'must be a URL, ldaps://HOST, not "{text}"')
    return text


def template(text: str) -> str:
    """Check a text with `{user}` and `{host}` in it. Raises ValueError."""
    if re.search("[{}]", re.sub(r"\{(user|host)\}", "", text)):
        raise ValueError(f'may have {{user}} and {{host}} in it, and no other braces: "{text}"')
    return text


def entry_name(text: str) -> str:
    """Check the name of an entry in a directory, a template. Raises ValueError."""
    if template(text) and "=" not in text:
        raise ValueError(f'must be a name in the directory, as dc=example,dc=org, not "{text}"')
    return text


def for_each_user(text: str) -> str:
    """Check a text that is another one for each account. Raises ValueError."""
    if template(text) and "{user}" not in text:
        raise ValueError(f'must have {{user}} in it, not "{text}": else it is the same for all')
    return text


@dataclass(frozen=True)
class AuthSection:
    """`[auth]`."""

    mechanisms: tuple[str, ...] = setting(
        MECHANISMS,
        Many(OneOf(MECHANISMS), low=1),
        "SASL mechanisms offered; each -PLUS one goes with its sibling, where TLS is; PLAIN under TLS only, if not "
        "told otherwise",
    )
    iterations: int = setting(4096, Number(4096, 10_000_000), "PBKDF2 rounds of new SCRAM keys")
    downgrade_protection: bool = setting(
        True,
        Flag(),
        "a login by SCRAM shows whether somebody has changed the list of mechanisms on its way (XEP-0474); a client "
        "that follows a draft of before 0.4 computes something else, and refuses to log in",
    )
    client_ca: str = setting(
        "",
        Text("a path", empty=True),
        "PEM of those who sign the certificates by which clients may log in (SASL EXTERNAL), with lists of revocations "
        "if there are any; empty: none may",
    )
    client_names: str = setting(
        "address",
        OneOf(("address", "common-name")),
        "whose a client's certificate is: address: of the XMPP addresses in it; common-name: without any, of the "
        "account that its common name names, NAME or NAME@HOST",
    )
    client_accounts: Mapping[str, str] = setting(
        dict,
        Pairs(Text("an account, NAME@HOST", account), Text("a common name")),
        "common names of certificates without an XMPP address, each with the account that it opens",
    )
    http: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a URL", service_url), Text("a domain name", domain)),
        "hosts whose passwords an HTTP service knows, each with the URL that is asked; such a host offers PLAIN only, "
        "and an account is made at its first login",
    )
    http_secret: str = setting(
        "", Text("a token", token, secret=True, empty=True), "what is shown to that service: Authorization: Bearer …"
    )
    http_ca: str = setting(
        "",
        Text("a path", empty=True),
        "PEM of who signs the certificate of that, and of the one in oauth; empty: one of those the system trusts",
    )
    http_seconds: float = setting(
        5.0, Seconds(0.1, 30), "time either may take; then the client is told to come back later"
    )
    ldap: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a URL", directory_url), Text("a domain name", domain)),
        "hosts whose passwords a directory (LDAP) knows, each with its URL, ldaps://HOST or ldap://HOST; such a host "
        "offers PLAIN only, and an account is made at its first login",
    )
    ldap_starttls: bool = setting(
        True, Flag(), "TLS is begun with ldap://, as it should be; false: only for a directory on this machine"
    )
    ldap_ca: str = setting(
        "",
        Text("a path", empty=True),
        "PEM of who signs the certificate of the directory; empty: one of those the system trusts",
    )
    ldap_user_dn: str = setting(
        "",
        Text("a name in the directory, with {user}", for_each_user, empty=True),
        'the name as which a user binds: "uid={user},ou=people,dc=example,dc=org", or "{user}@{host}" for Active '
        "Directory; empty: it is searched for",
    )
    ldap_base: str = setting(
        "", Text("a name in the directory", entry_name, empty=True), "the entry below which users are searched for"
    )
    ldap_filter: str = setting(
        "(uid={user})", Text("a filter, with {user}", for_each_user), "what finds the one entry of a user (RFC 4515)"
    )
    ldap_bind_dn: str = setting("", Text("a name", empty=True), "as who this server searches; empty: as nobody")
    ldap_password: str = setting("", Text("a password", secret=True, empty=True), "its password")
    ldap_host_bind_dn: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a name"), Text("a domain name", domain)),
        "hosts for which this server searches as somebody else than ldap_bind_dn",
    )
    ldap_host_password: Mapping[str, str] = setting(
        dict, Pairs(Text("a password", secret=True), Text("a domain name", domain)), "the passwords of those"
    )
    ldap_seconds: float = setting(
        5.0, Seconds(0.1, 30), "time that a login may take there; then the client is told to come back later"
    )
    ldap_connections: int = setting(8, Number(1, 100), "most connections to the directory of a host, per worker")
    oauth: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a URL", service_url), Text("a domain name", domain)),
        "hosts for which clients may log in by tokens of OAuth (SASL OAUTHBEARER), each with the URL where a token is "
        "looked at (RFC 7662); an account is made at its first login",
    )
    oauth_client: str = setting("", Text("a name", empty=True), "as who this server asks there, with oauth_secret")
    oauth_secret: str = setting(
        "", Text("a secret", secret=True, empty=True), "its secret; without oauth_client a bearer's token"
    )
    oauth_claim: str = setting(
        "username", Text("a name"), "the member of the answer that names the account, NAME or NAME@HOST"
    )
    oauth_scope: str = setting("", Text("a scope", empty=True), "a scope that a token must have; empty: any will do")
    oauth_audience: str = setting(
        "", Text("an audience", empty=True), "who must be meant by a token (aud); empty: anybody may be"
    )
    oauth_keys: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a URL", service_url), Text("a domain name", domain)),
        "hosts for which tokens may be JWTs, each with the URL of the keys (JWKS) by which they are checked here; "
        "others are looked at as oauth says, if it does",
    )
    oauth_issuer: str = setting("", Text("an issuer", empty=True), "oauth_keys: who has signed a JWT (iss)")
    oauth_algorithms: tuple[str, ...] = setting(
        ("RS256", "PS256", "ES256", "EdDSA"), Many(OneOf(SIGNATURES), low=1), "oauth_keys: how it may be signed"
    )
    oauth_keys_seconds: float = setting(
        300.0, Seconds(1, 86400), "oauth_keys: time after which keys are fetched anew, and never sooner"
    )
    legacy_auth: bool = setting(False, Flag(), "the login of XEP-0078, passwords over TLS only; off is right")

    def searcher_of(self, host: str) -> tuple[str, str]:
        """As who this server searches the directory of a host, and the password; "" and "": as nobody."""
        if host in self.ldap_host_bind_dn:
            return self.ldap_host_bind_dn[host], self.ldap_host_password.get(host, "")
        return self.ldap_bind_dn, self.ldap_password

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The hosts whose passwords are not kept here."""
        return (*self.http, *self.ldap)

    @property
    def with_tokens(self) -> tuple[str, ...]:
        """The hosts for which clients may log in by tokens of OAuth."""
        return tuple(dict.fromkeys((*self.oauth, *self.oauth_keys)))
