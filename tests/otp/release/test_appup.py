"""appup — see also test_release_handler__install_release_syntax_check."""

from __future__ import annotations

import pytest

from otp.release import appup
from otp.release.appup import HIGH, AppupError, translate


def test_what_high_level_instructions_mean() -> None:
    assert translate([("update", "m")]) == [("suspend", "m"), ("load", "m"), ("resume", "m")]
    assert translate([("update", "m", "advanced", 7)])[2] == ("code_change", "m", 7)
    assert translate([("update", "m", "supervisor")]) == [("load", "m"), ("supervisor_change", "m")]
    assert translate([("restart_application", "a")]) == [("stop_application", "a"), ("start_application", "a")]
    assert translate([("apply", "m:f")]) == [("apply", "m:f", ())]
    low = [("suspend", "m"), ("code_change", "m", 1), ("restart_emulator",)]
    assert translate(low) == low


def test_every_high_level_instruction_has_a_translation() -> None:
    for op, (least, _most) in HIGH.items():
        made = translate([(op, *["x"] * least)])
        assert made
        assert all(len(step) == appup.LOW[step[0]] + 1 for step in made)


def test_the_way_is_that_of_the_versions() -> None:
    text = 'vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["load_module", "m"]]\n[[down]]\nto = "1"\ninstructions = []'
    parsed = appup.parse(text)
    assert parsed.path("1", "2") == (("load_module", "m"),)
    assert parsed.path("2", "1") == ()
    with pytest.raises(AppupError, match="no way"):
        parsed.path("1", "3")
    with pytest.raises(AppupError, match="not TOML"):
        appup.parse("=")
    with pytest.raises(AppupError, match="unknown key"):
        appup.parse('vsn = "1"\nside = 1')
