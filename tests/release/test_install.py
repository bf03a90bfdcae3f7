"""test_install — `make install`: a command that knows its home, a unit that systemd takes, nothing left after."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.release.conftest import free_ports

ROOT = Path(__file__).parents[2]
#: «Overall exposure level» of `systemd-analyze security`, from 0 to 10, that the unit may have
EXPOSURE = 2.0
SYSTEMD = shutil.which("systemd-analyze")


class Installed:
    """The release, installed below a folder; `env` is that of rel/install."""

    def __init__(self, release: Path, folder: Path, **env: str) -> None:
        self.folder, self.prefix = folder, folder / "usr"
        self.env = {
            "PATH": f"{os.defpath}:/usr/sbin", "BUILT": str(release), "PREFIX": str(self.prefix), "HOME": str(folder),
            "SYSCONFDIR": str(folder / "etc"), "LOCALSTATEDIR": str(folder / "var"), **env,
        }  # fmt: skip

    def install(self, *words: str) -> str:
        """Install, or with --uninstall the contrary; what is said."""
        command = [str(ROOT / "rel" / "install"), *words]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command, without any option."""
        command = [str(self.prefix / "bin" / "xmppd"), *words]
        env = {"PATH": self.env["PATH"], "HOME": str(self.folder)}
        return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=60, check=False)

    def files(self) -> set[str]:
        """All files there are, those of the release itself left out."""
        lib = self.prefix / "lib" / "xmppd"
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file() and lib not in p.parents}


def test_the_command_knows_its_home_and_its_configuration(release: Path, tmp_path: Path) -> None:
    one = Installed(release, tmp_path, SYSTEM="no")
    assert "xmppd start" in one.install()
    file = tmp_path / ".config" / "xmppd" / "xmppd.toml"
    assert oct(file.stat().st_mode)[-3:] == "640"
    ports = free_ports(2)
    text = "workers = 1\n" + "".join(f"[[listen]]\nmodule='c2s'\nport={port}\n" for port in ports)
    file.write_text(text)
    home = tmp_path / ".local" / "state" / "xmppd"
    refused = one.run("status")
    assert refused.returncode == 3
    assert str(home) in refused.stderr
    started = one.run("start")
    try:
        assert started.returncode == 0, started.stderr
        assert re.search(r"^ +xmppd user add", started.stdout, re.MULTILINE)  # no options are needed
        assert str(ports[0]) in one.run("status").stdout
        assert one.install()  # over the one that runs
        assert file.read_text() == text
        assert one.run("ping").returncode == 0
        restarted = one.run("restart")
        assert restarted.returncode == 0, restarted.stderr
    finally:
        assert one.run("stop").stdout == "stopped\n"
    assert "stay" in one.install("--uninstall")
    assert not (tmp_path / "usr" / "bin" / "xmppd").exists()
    assert not (tmp_path / "usr" / "lib" / "xmppd").exists()
    assert (home / "data" / "xmppd.sqlite3").is_file()


@pytest.mark.parametrize(("version", "reload"), [("252", False), ("253", True)])
def test_what_a_package_has(release: Path, tmp_path: Path, version: str, reload: bool) -> None:
    one = Installed(release, tmp_path, DESTDIR="/", SYSTEMD=version)
    one.install()
    drop_in = {"usr/lib/systemd/system/xmppd.service.d/notify-reload.conf"} if reload else set()
    assert one.files() == drop_in | {
        "etc/xmppd/xmppd.toml",
        "usr/bin/xmppd",
        "usr/lib/sysusers.d/xmppd.conf",
        "usr/lib/systemd/system/xmppd.service",
        "usr/lib/tmpfiles.d/xmppd.conf",
    }
    texts = [(tmp_path / name).read_text() for name in sorted(one.files())]
    assert not [text for text in texts if re.search("@[A-Z]+@", text)]
    one.install("--uninstall")
    assert one.files() == {"etc/xmppd/xmppd.toml"}


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd-analyze here")
def test_systemd_takes_the_unit_and_finds_it_well_shut(release: Path, tmp_path: Path) -> None:
    one = Installed(release, tmp_path, DESTDIR="/", SYSTEMD="252")
    one.install()
    unit = one.prefix / "lib" / "systemd" / "system" / "xmppd.service"
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    ours = [line for line in verified.stderr.splitlines() if "xmppd" in line]
    assert not ours
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"exposure level.*: ([\d.]+)", judged.stdout)
    assert found is not None, judged.stdout + judged.stderr
    assert float(found[1]) <= EXPOSURE


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_the_user_is_made_by_sysusers(release: Path, tmp_path: Path) -> None:
    command = ["systemd-sysusers", f"--root={tmp_path}", str(ROOT / "rel" / "systemd" / "sysusers.conf")]
    (tmp_path / "etc").mkdir()
    subprocess.run(command, check=True, capture_output=True)
    assert re.search(r"^xmppd:.*:/var/lib/xmppd:", (tmp_path / "etc" / "passwd").read_text(), re.MULTILINE)


def test_without_a_release_it_says_what_to_do(tmp_path: Path) -> None:
    env = {"PATH": os.defpath, "BUILT": str(tmp_path), "HOME": str(tmp_path), "SYSTEM": "no"}
    done = subprocess.run([str(ROOT / "rel" / "install")], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make rel" in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here")
def test_the_scripts_are_clean() -> None:
    scripts = [ROOT / "rel" / name for name in ("xmppd", "install", "command.in", "container/build")]
    done = subprocess.run(["shellcheck", *map(str, scripts)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
