"""ns — the namespace names of XMPP and its extensions.

RFC:  6120 §4.8, §13; 6121; each XEP number stands beside its names
"""

from typing import Final

# RFC 6120, 6121
STREAM: Final = "http://etherx.jabber.org/streams"
CLIENT: Final = "jabber:client"
SERVER: Final = "jabber:server"
TLS: Final = "urn:ietf:params:xml:ns:xmpp-tls"
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION: Final = "urn:ietf:params:xml:ns:xmpp-session"
STANZAS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAMS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
ROSTER: Final = "jabber:iq:roster"
ROSTER_VER: Final = "urn:xmpp:features:rosterver"
SUB_PREAPPROVAL: Final = "urn:xmpp:features:pre-approval"
XML: Final = "http://www.w3.org/XML/1998/namespace"
XMLNS: Final = "http://www.w3.org/2000/xmlns/"
FRAMING: Final = "urn:ietf:params:xml:ns:xmpp-framing"  # RFC 7395

# Extensions
DATA_FORMS: Final = "jabber:x:data"  # XEP-0004
LAST: Final = "jabber:iq:last"  # XEP-0012
OFFLINE: Final = "http://jabber.org/protocol/offline"  # XEP-0013
PRIVACY: Final = "jabber:iq:privacy"  # XEP-0016
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"  # XEP-0030
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
ADDRESS: Final = "http://jabber.org/protocol/address"  # XEP-0033
MUC: Final = "http://jabber.org/protocol/muc"  # XEP-0045
MUC_USER: Final = "http://jabber.org/protocol/muc#user"
MUC_ADMIN: Final = "http://jabber.org/protocol/muc#admin"
MUC_OWNER: Final = "http://jabber.org/protocol/muc#owner"
PRIVATE: Final = "jabber:iq:private"  # XEP-0049
COMMANDS: Final = "http://jabber.org/protocol/commands"  # XEP-0050
VCARD: Final = "vcard-temp"  # XEP-0054
RSM: Final = "http://jabber.org/protocol/rsm"  # XEP-0059
PUBSUB: Final = "http://jabber.org/protocol/pubsub"  # XEP-0060
PUBSUB_EVENT: Final = "http://jabber.org/protocol/pubsub#event"
PUBSUB_OWNER: Final = "http://jabber.org/protocol/pubsub#owner"
PUBSUB_ERRORS: Final = "http://jabber.org/protocol/pubsub#errors"
OOB: Final = "jabber:x:oob"  # XEP-0066
REGISTER: Final = "jabber:iq:register"  # XEP-0077
REGISTER_FEATURE: Final = "http://jabber.org/features/iq-register"
AUTH: Final = "jabber:iq:auth"  # XEP-0078
AUTH_FEATURE: Final = "http://jabber.org/features/iq-auth"
CHATSTATES: Final = "http://jabber.org/protocol/chatstates"  # XEP-0085
VERSION: Final = "jabber:iq:version"  # XEP-0092
COMPONENT: Final = "jabber:component:accept"  # XEP-0114
CAPS: Final = "http://jabber.org/protocol/caps"  # XEP-0115
BOSH: Final = "http://jabber.org/protocol/httpbind"  # XEP-0124
AMP: Final = "http://jabber.org/protocol/amp"  # XEP-0079
VCARD_UPDATE: Final = "vcard-temp:x:update"  # XEP-0153
RECEIPTS: Final = "urn:xmpp:receipts"  # XEP-0184
BLOCKING: Final = "urn:xmpp:blocking"  # XEP-0191
BLOCKING_ERRORS: Final = "urn:xmpp:blocking:errors"
SM: Final = "urn:xmpp:sm:3"  # XEP-0198
PING: Final = "urn:xmpp:ping"  # XEP-0199
TIME: Final = "urn:xmpp:time"  # XEP-0202
DELAY: Final = "urn:xmpp:delay"  # XEP-0203
DIALBACK: Final = "jabber:server:dialback"  # XEP-0220
DIALBACK_FEATURE: Final = "urn:xmpp:features:dialback"
ATTENTION: Final = "urn:xmpp:attention:0"  # XEP-0224
CARBONS: Final = "urn:xmpp:carbons:2"  # XEP-0280
CARBONS_RULES: Final = "urn:xmpp:carbons:rules:0"
FORWARD: Final = "urn:xmpp:forward:0"  # XEP-0297
HASHES: Final = "urn:xmpp:hashes:2"  # XEP-0300
MAM: Final = "urn:xmpp:mam:2"  # XEP-0313
CSI: Final = "urn:xmpp:csi:0"  # XEP-0352
HINTS: Final = "urn:xmpp:hints"  # XEP-0334
PUSH: Final = "urn:xmpp:push:0"  # XEP-0357
STANZA_ID: Final = "urn:xmpp:sid:0"  # XEP-0359
HTTP_UPLOAD: Final = "urn:xmpp:http:upload:0"  # XEP-0363
SASL2: Final = "urn:xmpp:sasl:2"  # XEP-0388
BIND2: Final = "urn:xmpp:bind:0"  # XEP-0386
OCCUPANT_ID: Final = "urn:xmpp:occupant-id:0"  # XEP-0421
SASL_CB: Final = "urn:xmpp:sasl-cb:0"  # XEP-0440
FAST: Final = "urn:xmpp:fast:0"  # XEP-0484
APP_ERRORS: Final = "urn:xmpp:errors"  # XEP-0182
