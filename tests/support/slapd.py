"""slapd — a directory for tests: OpenLDAP's server (Debian: slapd) in a folder of its own, on free ports.

It has people below ou=people, and a service that may search there; nobody else may. Where there is no slapd, the tests
that need one say so and are skipped.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.certificates import Made, make

PROGRAM = shutil.which("slapd", path="/usr/sbin:/usr/libexec:/usr/local/libexec:/usr/bin")
SCHEMA = Path("/etc/ldap/schema")
needed = pytest.mark.skipif(PROGRAM is None, reason="there is no slapd: apt-get install slapd")
SUFFIX = "dc=example,dc=org"
SERVICE = f"cn=xmppd,{SUFFIX}"
SERVICE_PASSWORD = "s3rvice"
_CONFIG = """\
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/own.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
maxsize 10485760
suffix "dc=example,dc=org"
directory {folder}/db
rootdn "cn=root,dc=example,dc=org"
access to attrs=userPassword by anonymous auth by * none
access to * by {readers} read by * none
"""
_ENTRIES = """\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: cn=xmppd,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: xmppd
userPassword: s3rvice
"""


def _line(name: str, value: str) -> str:
    """A line of LDIF (RFC 2849), for any value."""
    return f"{name}:: {b64encode(value.encode()).decode()}\n"


def _person(rdn: str, name: str, uid: str, password: str) -> str:
    dn = f"{rdn}={''.join(f'{chr(92)}{octet:02x}' for octet in name.encode())},ou=people,{SUFFIX}"
    known = {"objectClass": "inetOrgPerson", "uid": uid, "cn": name, "sn": uid}
    told = "".join(_line(*pair) for pair in known.items())
    return f"\ndn: {dn}\n{told}" + (_line("userPassword", password) if password else "")


class Slapd:
    """The server. `people`: their uids and passwords ("": an entry without any); `doubled`: who has a second entry;
    `readers`: who may search."""

    def __init__(self, people: dict[str, str], doubled: str = "", readers: str = f'dn.exact="{SERVICE}"') -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slapd"))
        self.authority: Made = make("ca", authority=True)
        shown = make("localhost", by=self.authority)
        for name, text in (("ca", self.authority.certificate), ("own", shown.certificate), ("key", shown.key)):
            (self.folder / f"{name}.pem").write_text(text, encoding="ascii")
        (self.folder / "db").mkdir()
        (self.folder / "slapd.conf").write_text(_CONFIG.format(schema=SCHEMA, folder=self.folder, readers=readers))
        entries = [_person("uid", uid, uid, word) for uid, word in people.items()]
        if doubled:
            entries.append(_person("cn", "other", doubled, "other"))
        (self.folder / "all.ldif").write_text(_ENTRIES + "".join(entries), encoding="utf-8")
        self._run("-T", "add", "-l", f"{self.folder}/all.ldif")
        self.plain, self.tls = _free(), _free()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def ca(self) -> str:
        """Who has signed its certificate, which is for localhost: a file."""
        return str(self.folder / "ca.pem")

    def _run(self, *args: str) -> None:
        assert PROGRAM is not None
        told = subprocess.run([PROGRAM, *args, "-f", f"{self.folder}/slapd.conf"], capture_output=True, check=False)
        assert told.returncode == 0, told.stderr.decode()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert PROGRAM is not None
        urls = f"ldap://127.0.0.1:{self.plain}/ ldaps://127.0.0.1:{self.tls}/"
        log = (self.folder / "log").open("ab")
        command = [PROGRAM, "-f", f"{self.folder}/slapd.conf", "-h", urls, "-d", "256"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, "slapd does not answer"
                time.sleep(0.02)

    def stop(self) -> None:
        """End it, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self) -> str:
        """What it has written of its work."""
        return (self.folder / "log").read_text(errors="replace")

    def remove(self) -> None:
        """End it and delete its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
