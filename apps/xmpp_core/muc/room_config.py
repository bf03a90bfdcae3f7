"""room_config — how a room is configured: the options, their form, and what a change of them is told by.

Way:      room_owner, room_info → [room_config]; room_store keeps it as JSON, the configuration file has defaults
XEP:      0045 §10.1, §10.2, §16.5.3 (fields), §10.2.1 (codes of a change); 0313 (archive)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form, Option
from xmpp_core.errors import StanzaError
from xmpp_core.muc.roles import Role

FORM_TYPE: Final = f"{ns.MUC}#roomconfig"
#: characters of a text of the configuration
MOST_TEXT: Final = 1000
#: messages of history that a room may show to who joins
MOST_HISTORY: Final = 100
#: seconds between two messages that a room may ask for
MOST_SLOW: Final = 86_400
_PM: Final = {"anyone": Role.VISITOR, "participants": Role.PARTICIPANT, "moderators": Role.MODERATOR}
_LISTERS: Final = ("moderator", "participant", "visitor")


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """What an owner chooses. `whois`: "anyone" sees the occupants' JIDs, or "moderators"; `allowpm`: who may send
    private messages, or "none"; `broadcast`: of which roles presence is told to all; `history`: messages that who joins
    is shown; `max_users` 0: as many as the service allows; `slow_mode`: seconds between two messages of one
    person."""

    name: str = ""
    description: str = ""
    language: str = ""
    persistent: bool = False
    public: bool = True
    moderated: bool = False
    members_only: bool = False
    password: str = field(default="", repr=False)
    whois: str = "moderators"
    change_subject: bool = False
    allow_invites: bool = False
    allowpm: str = "anyone"
    broadcast: tuple[str, ...] = _LISTERS
    history: int = 20
    max_users: int = 0
    archive: bool = True
    slow_mode: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what no option can be."""
        for item in fields(self):
            value = getattr(self, item.name)
            if type(value) is not type(item.default):
                raise ValueError(f"{item.name} cannot be {value!r}")
        if self.whois not in ("anyone", "moderators"):
            raise ValueError("whois is anyone or moderators")
        if self.allowpm not in (*_PM, "none"):
            raise ValueError(f"allowpm is one of {', '.join(_PM)}, none")
        if not set(self.broadcast) <= set(_LISTERS):
            raise ValueError(f"broadcast has {', '.join(_LISTERS)}")
        if not 0 <= self.history <= MOST_HISTORY or self.max_users < 0:
            raise ValueError(f"history is 0 to {MOST_HISTORY}, max_users not negative")
        if not 0 <= self.slow_mode <= MOST_SLOW:
            raise ValueError(f"slow_mode is 0 to {MOST_SLOW} seconds")

    @property
    def non_anonymous(self) -> bool:
        """Whether all occupants see each other's JIDs."""
        return self.whois == "anyone"

    def shows(self, role: Role) -> bool:
        """Whether presence of this role is told to all."""
        return role.word in self.broadcast

    def may_send_private(self, role: Role) -> bool:
        """Whether an occupant of this role may send private messages."""
        return self.allowpm in _PM and role >= _PM[self.allowpm]

    def may_set_subject(self, role: Role) -> bool:
        """Whether an occupant of this role may change the subject. §8.1"""
        return role is Role.MODERATOR or (self.change_subject and role >= Role.PARTICIPANT)

    def to_dict(self) -> dict[str, Any]:
        """What differs from the default, for the store."""
        default = RoomConfig()
        named = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in named.items() if value != getattr(default, name)}


def from_dict(values: Mapping[str, Any], base: RoomConfig | None = None) -> RoomConfig:
    """A configuration with these values, by the names of RoomConfig's fields; the rest as in `base`. Raises ValueError
    for unknown names and wrong types."""
    known = {item.name for item in fields(RoomConfig)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"no such option of a room: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    typed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return replace(base or RoomConfig(), **typed)


SLOW_MODE: Final = "muc#roomconfig_slow_mode_duration"
#: field of the form: (option, type, words)
_FIELDS: Final[dict[str, tuple[str, str, str]]] = {
    "muc#roomconfig_roomname": ("name", "text-single", "Name of the room"),
    "muc#roomconfig_roomdesc": ("description", "text-single", "What the room is about"),
    "muc#roomconfig_lang": ("language", "text-single", "Language of the discussion"),
    "muc#roomconfig_persistentroom": ("persistent", "boolean", "The room stays when its last occupant leaves"),
    "muc#roomconfig_publicroom": ("public", "boolean", "The room stands in the list of rooms"),
    "muc#roomconfig_moderatedroom": ("moderated", "boolean", "Only who has voice may speak"),
    "muc#roomconfig_membersonly": ("members_only", "boolean", "Only members may enter"),
    "muc#roomconfig_passwordprotectedroom": ("", "boolean", "A password is needed to enter"),
    "muc#roomconfig_roomsecret": ("password", "text-private", "The password"),
    "muc#roomconfig_whois": ("whois", "list-single", "Who sees the real addresses of occupants"),
    "muc#roomconfig_changesubject": ("change_subject", "boolean", "Participants may change the subject"),
    "muc#roomconfig_allowinvites": ("allow_invites", "boolean", "Members may invite others"),
    "muc#roomconfig_allowpm": ("allowpm", "list-single", "Who may send private messages"),
    "muc#roomconfig_presencebroadcast": ("broadcast", "list-multi", "Roles whose presence is told to all"),
    "muc#maxhistoryfetch": ("history", "text-single", "Messages shown to who joins"),
    "muc#roomconfig_maxusers": ("max_users", "list-single", "Most occupants (0: as many as the service allows)"),
    SLOW_MODE: ("slow_mode", "text-single", "Seconds between two messages of one person"),
    "muc#roomconfig_enablearchiving": ("archive", "boolean", "Messages are kept in an archive"),
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "whois": ("moderators", "anyone"),
    "allowpm": ("anyone", "participants", "moderators", "none"),
    "broadcast": _LISTERS,
    "max_users": ("0", "10", "20", "30", "50", "100", "200", "500", "1000"),
}
_PROTECTED: Final = "muc#roomconfig_passwordprotectedroom"
ADMINS: Final = "muc#roomconfig_roomadmins"
OWNERS: Final = "muc#roomconfig_roomowners"


def form(config: RoomConfig, title: str, admins: tuple[str, ...], owners: tuple[str, ...]) -> Form:
    """The form of §10.2 with what is in force; `admins`, `owners`: bare JIDs."""
    made = [Field("FORM_TYPE", (FORM_TYPE,), "hidden")]
    for var, (option, type_, label) in _FIELDS.items():
        value = config.password != "" if var == _PROTECTED else getattr(config, option)
        choices = _CHOICES.get(option, ())
        if choices and isinstance(value, int) and str(value) not in choices:
            choices = (*choices, str(value))
        made.append(Field(var, _texts(value), type_, label, options=tuple([Option(one) for one in choices])))
    made.append(Field(ADMINS, admins, "jid-multi", "Admins of the room"))
    made.append(Field(OWNERS, owners, "jid-multi", "Owners of the room"))
    return Form("form", tuple(made), title)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        return ("1" if value else "0",)
    text = str(value)
    return (text,) if text else ()


def submitted(config: RoomConfig, answer: Form) -> RoomConfig:
    """The configuration that a submission wants; fields that it leaves out stay as they are. Raises StanzaError
    not-acceptable for what no option can be, bad-request for another form."""
    if answer.form_type not in ("", FORM_TYPE):
        raise StanzaError("bad-request", "not the form of a room's configuration")
    given = {item.var: item for item in answer.fields}
    chosen: dict[str, Any] = {
        option: _parsed(given[var], type(getattr(config, option)))
        for var, (option, _, _) in _FIELDS.items()
        if option and var in given
    }
    protected = given[_PROTECTED].as_bool if _PROTECTED in given and given[_PROTECTED].values else None
    if protected is False:
        chosen["password"] = ""
    try:
        made = replace(config, **chosen)
    except ValueError as error:
        raise StanzaError("not-acceptable", str(error)) from None
    if protected and not made.password:
        raise StanzaError("not-acceptable", "the password is empty")
    return made


def _parsed(item: Field, kind: type) -> Any:
    if kind is bool:
        return item.as_bool
    if kind is tuple:
        known = set(item.values) <= set(_LISTERS)
        return tuple([word for word in _LISTERS if word in item.values]) if known else item.values
    if kind is int:
        text = item.value.strip()
        if text in ("", "none"):
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise StanzaError("not-acceptable", f"{item.var} is a number")
        return int(text)
    if len(item.value) > MOST_TEXT:
        raise StanzaError("not-acceptable", f"{item.var} is too long")
    return item.value


def change_codes(before: RoomConfig, after: RoomConfig) -> tuple[int, ...]:
    """By which status codes occupants are told of a change. §10.2.1: 104 where privacy is not concerned"""
    codes: list[int] = []
    if before.archive != after.archive:
        codes.append(170 if after.archive else 171)
    if before.whois != after.whois:
        codes.append(172 if after.non_anonymous else 173)
    rest = replace(before, archive=after.archive, whois=after.whois)
    if rest != after:
        codes.append(104)
    return tuple(codes)
