"""systools — boot scripts, by the cases of systools_SUITE."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from otp.kernel import app_resource
from otp.kernel.app_resource import AppResourceError, AppSpec
from otp.release import systools
from otp.release.systools import Load, Progress, Release, ReleaseError, Script, Start

BASE = {"kernel": AppSpec("kernel", "1"), "stdlib": AppSpec("stdlib", "1", applications=("kernel",))}


def app(name: str, *needs: str, **more: object) -> AppSpec:
    return AppSpec(name, "1", applications=("kernel", "stdlib", *needs), **more)  # type: ignore[arg-type]


def script(*specs: AppSpec, names: tuple[str, ...] = (), types: dict[str, str] | None = None) -> Script:
    """The script of kernel, stdlib and these, in this order or that of `names`."""
    known = {**BASE, **{spec.name: spec for spec in specs}}
    listed = names or tuple(known)
    release = Release("latest", "1", tuple((name, (types or {}).get(name, "permanent")) for name in listed))
    return systools.make_script(release, known)


def started(made: Script) -> list[str]:
    return [step.app for step in made.steps if isinstance(step, Start)]


def loaded(made: Script) -> list[str]:
    return [step.spec.name for step in made.steps if isinstance(step, Load)]


def test_systools__normal_script() -> None:
    """All loaded, then all started, dependencies first whatever the order of the file; the types are those it says."""
    db, fe = app("db"), app("fe", "db")
    for names in itertools.permutations(("kernel", "stdlib", "db", "fe")):
        made = script(db, fe, names=names)
        assert started(made) == loaded(made) == ["kernel", "stdlib", "db", "fe"]
    made = script(db, fe, types={"db": "transient", "fe": "load"})
    assert [step for step in made.steps if isinstance(step, Start)][2:] == [Start("db", "transient")]
    assert loaded(made) == ["kernel", "stdlib", "db", "fe"]
    assert loaded(script(db, fe, types={"fe": "none"})) == ["kernel", "stdlib", "db"]
    assert [step for step in made.steps if isinstance(step, Progress)] == [
        Progress("applications_loaded"),
        Progress("started"),
    ]


def test_systools__start_script() -> None:
    """The least release there is, of the real resources of this library."""
    specs = {name: app_resource.find(name) for name in ("kernel", "stdlib")}
    made = systools.make_script(Release("clean", "1", (("kernel", "permanent"), ("stdlib", "permanent"))), specs)
    assert made.steps == (
        Load(specs["kernel"]),
        Load(specs["stdlib"]),
        Progress("applications_loaded"),
        Start("kernel", "permanent"),
        Start("stdlib", "permanent"),
        Progress("started"),
    )


def test_systools__no_mod_vsn_script() -> None:
    """Resources that say nothing of their modules, or name modules without versions."""
    bare = app_resource.parse('name = "bare"\nvsn = "1"\n')
    named = app_resource.parse('name = "named"\nvsn = "1"\nmodules = ["named.one", "named.two"]\n')
    assert started(script(bare, named))[2:] == ["bare", "named"]


def test_systools__abnormal_script(tmp_path: Path) -> None:
    """What cannot be made is told, all of it at once: missing resources, unreadable ones, what is left out."""
    with pytest.raises(ReleaseError) as error:
        script(app("db"), names=("kernel", "db", "nowhere"))
    told = str(error.value).splitlines()
    assert len(told) == 3
    assert "'stdlib' must be part of every release" in told[0]
    assert any("'db' needs 'stdlib', which the release leaves out" in line for line in told)
    assert any("'nowhere' has no application resource" in line for line in told)
    (tmp_path / "db.app.toml").write_text("name = ")
    with pytest.raises(AppResourceError, match=r"db\.app\.toml: not TOML"):
        app_resource.read(tmp_path / "db.app.toml")
    (tmp_path / "db.app.toml").write_text('name = "other"\nvsn = "1"\n')
    with pytest.raises(AppResourceError, match="name is 'other'"):
        app_resource.read(tmp_path / "db.app.toml")
    with pytest.raises(ReleaseError, match="restart type 'always'"):
        systools.parse_release('name = "r"\nvsn = "1"\n[applications]\nkernel = "always"\n')


def test_systools__duplicate_modules_script() -> None:
    with pytest.raises(ReleaseError, match="'db' and 'fe' both hold the module 'db2'"):
        script(app("db", modules=("db1", "db2")), app("fe", modules=("fe1", "db2")))
    with pytest.raises(ReleaseError, match="'db' and 'fe' both register the name 'x'"):
        script(app("db", registered=("x",)), app("fe", registered=("x",)))


def test_systools__otp_3065_circular_dependenies() -> None:
    """Applications that need each other, directly, in a ring, or by inclusion: no script, and the ring is named."""
    with pytest.raises(ReleaseError, match="circle: chAts -> aa12 -> chAts"):
        script(app("chAts", "aa12"), app("aa12", "chAts"))
    with pytest.raises(ReleaseError, match="circle: a -> b -> c -> a"):
        script(app("a", "b"), app("b", "c"), app("c", "a"))
    with pytest.raises(ReleaseError, match="circle"):
        script(app("a", included_applications=("b",)), app("b", "a"))
    assert started(script(app("a", "b"), app("b", "c"), app("c")))[2:] == ["c", "b", "a"]


def test_systools__included_and_used_sort_script() -> None:
    """Included applications are loaded, before the one that includes them, and not started; what they need is."""
    t1 = app("t1", included_applications=("t2",))
    t2, t3 = app("t2", "t3"), app("t3")
    for names in itertools.permutations(("t1", "t2", "t3")):
        made = script(t1, t2, t3, names=("kernel", "stdlib", *names))
        order = loaded(made)
        assert order.index("t3") < order.index("t2") < order.index("t1")
        assert started(made)[2:] == ["t3", "t1"]
    with pytest.raises(ReleaseError, match="'t1' and 't4' both include 't2'"):
        script(t1, t2, t3, app("t4", included_applications=("t2",)))
    with pytest.raises(ReleaseError, match="'t1' needs 't2', which the release leaves out"):
        script(t1, t3)


def test_systools__optional_apps_script() -> None:
    """First if the release has them, and no matter if it has not."""
    main = app("main", optional_applications=("opt",))
    assert started(script(main))[2:] == ["main"]
    for names in (("main", "opt"), ("opt", "main")):
        assert started(script(main, app("opt"), names=("kernel", "stdlib", *names)))[2:] == ["opt", "main"]
    with pytest.raises(ReleaseError, match="circle"):
        script(main, app("opt", "main"))


def test_systools__app_file_defaults() -> None:
    spec = app_resource.parse('name = "min"\nvsn = "1.0"\n')
    assert spec == AppSpec("min", "1.0")
    assert (spec.description, spec.id, spec.mod, dict(spec.env)) == ("", "", None, {})
    for key in ("modules", "registered", "applications", "optional_applications", "included_applications"):
        assert getattr(spec, key) == ()
    assert spec.start_phases == ()
    with pytest.raises(AppResourceError, match="'vsn' is missing"):
        app_resource.parse('name = "min"\n')
