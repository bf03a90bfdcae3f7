"""Boot scripts: order, and the releases from which none can be made (after systools_SUITE)."""

from __future__ import annotations

import itertools

import pytest

from otp.kernel.app_resource import AppSpec
from otp.release import systools
from otp.release.systools import Load, Progress, Release, ReleaseError, Start


def _specs(**needs: str) -> dict[str, AppSpec]:
    return {name: AppSpec(name, "1", applications=tuple(need.split())) for name, need in needs.items()}


def _release(*names: str) -> Release:
    return Release("rel", "1", tuple((name, "permanent") for name in names))


BASE = {"kernel": "", "stdlib": "kernel"}


def _started(script: systools.Script) -> list[str]:
    return [step.app for step in script.steps if isinstance(step, Start)]


def test_normal_script() -> None:
    specs = _specs(**BASE, core="stdlib", server="kernel stdlib core")
    script = systools.make_script(_release("kernel", "stdlib", "core", "server"), specs)
    assert _started(script) == ["kernel", "stdlib", "core", "server"]
    kinds = [type(step) for step in script.steps]
    assert kinds == [Load] * 4 + [Progress] + [Start] * 4 + [Progress]
    assert script.steps[-1] == Progress("started")


def test_dependencies_come_first_whatever_the_order_of_the_file() -> None:
    specs = _specs(**BASE, core="stdlib", server="kernel stdlib core")
    for names in itertools.permutations(specs):
        order = _started(systools.make_script(_release(*names), specs))
        for name, spec in specs.items():
            assert all(order.index(need) < order.index(name) for need in spec.applications)


def test_independent_applications_keep_the_order_of_the_file() -> None:
    specs = _specs(**BASE, b="stdlib", a="stdlib")
    assert _started(systools.make_script(_release("kernel", "stdlib", "b", "a"), specs))[2:] == ["b", "a"]


def test_restart_types_are_kept() -> None:
    release = Release("rel", "1", (("kernel", "permanent"), ("stdlib", "permanent"), ("extra", "temporary")))
    script = systools.make_script(release, _specs(**BASE, extra="stdlib"))
    assert Start("extra", "temporary") in script.steps


def test_circular_dependencies() -> None:
    specs = _specs(**BASE, a="b", b="c", c="a")
    with pytest.raises(ReleaseError, match="circle: a -> b -> c -> a"):
        systools.make_script(_release("kernel", "stdlib", "a", "b", "c"), specs)


def test_a_missing_application_is_told_with_a_suggestion() -> None:
    with pytest.raises(ReleaseError, match=r"'xmpd' has no application resource; did you mean 'xmppd'\?"):
        systools.make_script(_release("kernel", "stdlib", "xmpd"), _specs(**BASE, xmppd="stdlib"))


def test_a_dependency_left_out_is_told() -> None:
    with pytest.raises(ReleaseError, match="'server' needs 'core', which the release leaves out"):
        systools.make_script(_release("kernel", "stdlib", "server"), _specs(**BASE, server="core"))


def test_kernel_and_stdlib_are_mandatory() -> None:
    with pytest.raises(ReleaseError, match="'stdlib' must be part of every release"):
        systools.make_script(_release("kernel"), _specs(kernel=""))


def test_optional_apps_script() -> None:
    wants = AppSpec("server", "1", applications=("stdlib",), optional_applications=("extra",))
    without = {**_specs(**BASE), "server": wants}
    assert _started(systools.make_script(_release("kernel", "stdlib", "server"), without))[-1] == "server"
    both = {**without, **_specs(extra="stdlib")}
    order = _started(systools.make_script(_release("kernel", "stdlib", "server", "extra"), both))
    assert order.index("extra") < order.index("server")


def test_two_applications_may_not_register_one_name() -> None:
    specs = _specs(**BASE)
    specs |= {name: AppSpec(name, "1", registered=("router",)) for name in ("a", "b")}
    with pytest.raises(ReleaseError, match="'a' and 'b' both register the name 'router'"):
        systools.make_script(_release("kernel", "stdlib", "a", "b"), specs)


def test_a_release_file_is_read() -> None:
    text = 'name = "r"\nvsn = "2"\n[applications]\nkernel = "permanent"\nextra = "temporary"'
    release = systools.parse_release(text)
    assert release == Release("r", "2", (("kernel", "permanent"), ("extra", "temporary")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "r"\nvsn = "2"', "'applications' must be a table"),
        ('name = "r"\nvsn = "2"\n[applications]\na = "always"', "'a' has restart type 'always'; it is"),
        ('nme = "r"\nvsn = "2"\n[applications]\na = "permanent"', "did you mean 'name'?"),
        ("=", "not TOML"),
    ],
)
def test_a_mistake_in_a_release_file_is_told(text: str, told: str) -> None:
    with pytest.raises(ReleaseError) as error:
        systools.parse_release(text, "r.rel.toml")
    assert told in str(error.value)
