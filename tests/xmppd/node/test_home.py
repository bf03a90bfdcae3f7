"""test_home — the folder of one server and its lock.

Way:  xmppd.node.home
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from xmppd.node.home import Home, HomeTaken, as_owner, find_home, owner_of


def test_two_owners_of_one_home_are_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    home.create()
    assert home.pid() is None
    fd = home.lock()
    assert home.pid() == os.getpid()
    with pytest.raises(HomeTaken, match=f"pid {os.getpid()}"):
        home.lock()
    os.close(fd)
    assert home.pid() is None


def test_a_stale_pid_file_is_no_server(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    home.pid_file.write_text("1\n")
    assert home.pid() is None


def test_the_folders_are_the_owners_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    home.create()
    for folder in (home.path, home.run, home.data, home.log.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_folders_that_were_open_to_others_are_shut(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for folder in (home.run, home.data, home.log.parent, home.path / "certs"):
        folder.mkdir()
        folder.chmod(0o777)
    home.create()
    for folder in (home.run, home.data, home.log.parent, home.path / "certs"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_log_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.log.parent.mkdir()
    home.log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match="symbolic link"):
        home.create()


def test_whose_it_is(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    assert owner_of(tmp_path / "not" / "there") == me
    assert as_owner(tmp_path) == f"run the verb as its owner: sudo -u {me} …"


def test_release_takes_the_marks_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    os.close(home.lock())
    home.release()
    assert not home.pid_file.exists()
    home.release()


def test_flag_before_environment_before_the_users_state_folder(tmp_path: Path) -> None:
    assert find_home("/a", {"XMPPD_HOME": "/b"}).path == Path("/a")
    assert find_home(None, {"XMPPD_HOME": "/b"}).path == Path("/b")
    assert find_home(None, {"XDG_STATE_HOME": str(tmp_path)}).path == tmp_path / "xmppd"
    assert find_home("x", {}).path == Path.cwd() / "x"
