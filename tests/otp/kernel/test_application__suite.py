"""application — applications and their settings, by the cases of application_SUITE."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import StartError
from otp.erts.process import exit_, receive, self_, send, spawn, spawn_link, trap_exit, whereis
from otp.erts.signals import Exit
from otp.kernel import application, sys_config
from otp.kernel import application_controller as controller
from otp.kernel.app_resource import AppResourceError, AppSpec
from otp.kernel.application import Application
from otp.kernel.application_controller import ApplicationError
from otp.kernel.sys_config import SysConfigError
from otp.stdlib import gen_server
from tests.support.node import until

HERE = __name__
trail: list[Any] = []


async def tree(name: str) -> None:
    trap_exit(True)
    message = await receive(lambda m: isinstance(m, Exit))
    trail.append(("ended", name))
    raise process.exits.ProcessExit(message.reason)


class Plain(Application):
    async def start(self, type_: str, args: Any) -> Any:
        trail.append(("start", args["name"]))
        return spawn_link(tree, args["name"], name=f"{args['name']}_sup", trap=True), args["name"]

    def start_phase(self, phase: str, type_: str, args: Any) -> Any:
        trail.append((phase, args["name"]))
        if args.get("fails") == phase:
            raise ValueError("no such phase")

    def stop(self, state: Any) -> Any:
        trail.append(("stop", state))

    def config_change(self, changed: Any, new: Any, removed: Any) -> Any:
        trail.append(("config_change", changed, new, removed))


class Slow(Plain):
    async def start(self, type_: str, args: Any) -> Any:
        await process.sleep(args.get("seconds", 0.02))
        return await super().start(type_, args)


class SlowToFail(Application):
    async def start(self, type_: str, args: Any) -> Any:
        await process.sleep(0.01)
        raise StartError("start error")


class Holds(Plain):
    """Its tree does not end when it is told to, or not before it is let go."""

    async def start(self, type_: str, args: Any) -> Any:
        async def holds() -> None:
            trap_exit(True)
            await receive(lambda m: isinstance(m, Exit))
            trail.append("holding")
            await receive(lambda m: m == "continue")

        return spawn_link(holds, name="holds")


class Spawns(Plain):
    """Leaves processes behind that are linked to nobody."""

    async def start(self, type_: str, args: Any) -> Any:
        def stray() -> None:
            spawn(process.receive, name="nisse")
            spawn(lambda: spawn(process.receive, name="grandchild"))

        spawn(stray)
        return await super().start(type_, args)


def spec(name: str, *needs: str, mod: str | None = "Plain", env: dict[str, Any] | None = None, **more: Any) -> AppSpec:
    target = None if mod is None else f"{HERE}:{mod}"
    return AppSpec(name, "1", mod=target, applications=needs, env={"name": name, **(env or {})}, **more)


def case(body: Callable[[], Any]) -> Callable[[], None]:
    """A test whose body runs beside an application controller."""

    def test() -> None:
        async def main() -> None:
            trail.clear()
            application.forget_all()
            trap_exit(True)
            await controller.start_link()
            try:
                await body()
            finally:
                if whereis(controller.NAME) is not None:
                    await gen_server.stop(controller.NAME)
                application.forget_all()

        sys.modules.setdefault(HERE, sys.modules[main.__module__])
        runtime.run(main, node="test")

    test.__doc__ = body.__doc__
    return test


def names() -> list[str]:
    return [name for name, _description, _vsn in controller.which_applications()]


def write(folder: Path, name: str, text: str = "") -> None:
    folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.app.toml").write_text(f'name = "{name}"\nvsn = "1"\n{text}\n')


@case
async def test_application__load() -> None:
    """Loading makes known; again changes nothing, with another specification as well; a bad one is told."""
    controller.load(spec("app"))
    assert [s.name for s in controller.loaded_applications()] == ["app"]
    controller.load(spec("app", env={"other": 1}))
    assert application.get_env("app", "other") is None
    with pytest.raises(AppResourceError, match="no such application"):
        controller.load("no_such_app")
    with pytest.raises(ApplicationError, match="not_loaded"):
        controller.unload("no_such_app")
    controller.unload("app")
    assert controller.loaded_applications() == []
    assert names() == []


def test_application__load_use_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no cache of the code path to grow stale: a resource that comes, changes or goes is seen as it is."""
    monkeypatch.syspath_prepend(str(tmp_path))

    @case
    async def body() -> None:
        with pytest.raises(AppResourceError):
            controller.load("fresh")
        write(tmp_path, "fresh", 'description = "first"')
        assert controller.load("fresh").description == "first"
        controller.unload("fresh")
        write(tmp_path, "fresh", 'description = "second"')
        assert controller.load("fresh").description == "second"
        controller.unload("fresh")
        (tmp_path / "fresh" / "fresh.app.toml").unlink()
        with pytest.raises(AppResourceError):
            controller.load("fresh")

    body()


@case
async def test_application__ensure_started() -> None:
    controller.load(spec("app1"))
    for type_ in ("temporary", "permanent"):
        await controller.ensure_started("app1", type_)
        await controller.ensure_started("app1", type_)
        with pytest.raises(ApplicationError, match="already_started"):
            await controller.start("app1")
        await controller.stop("app1")
    with pytest.raises(AppResourceError):
        await controller.ensure_started("no_such_app")


@case
async def test_application__ensure_all_started() -> None:
    """The closure, in order; only what had to be started is named; a failure deep down takes back what it started."""
    for each in (spec("app9"), spec("app10", "app9"), spec("error2", "app10", "no_such_app"), spec("error", "error2")):
        controller.load(each)
    assert await controller.ensure_all_started("app9") == ["app9"]
    assert await controller.ensure_all_started("app9") == []
    await controller.stop("app9")
    with pytest.raises(ApplicationError) as missing:
        await controller.start("app10")
    assert missing.value.reason == ("not_started", "app9")
    assert await controller.ensure_all_started(["app10"]) == ["app9", "app10"]
    await controller.stop("app10")
    assert await controller.ensure_all_started("app10") == ["app10"]
    for name in ("app10", "app9"):
        await controller.stop(name)
    with pytest.raises(AppResourceError, match="no_such_app"):
        await controller.ensure_all_started("error")
    assert names() == []
    await controller.start("app9")
    with pytest.raises(AppResourceError):
        await controller.ensure_all_started("error")
    assert names() == ["app9"]


@case
async def test_application__start_phases() -> None:
    """Each phase for the application and then for the included ones that have it; a phase that fails ends the start."""
    controller.load(spec("inner", start_phases=("go",)))
    controller.load(spec("middle", included_applications=("inner",), start_phases=("init", "some")))
    controller.load(spec("outer", included_applications=("middle",), start_phases=("init", "go")))
    await controller.start("outer")
    assert trail == [("start", "outer"), ("init", "outer"), ("init", "middle"), ("go", "outer"), ("go", "inner")]
    await controller.stop("outer")
    trail.clear()
    controller.load(spec("fails", start_phases=("init", "go"), env={"fails": "init"}))
    with pytest.raises(ApplicationError, match="no such phase"):
        await controller.start("fails")
    assert trail == [("start", "fails"), ("init", "fails"), ("ended", "fails")]
    assert names() == []


@case
async def test_application__get_key() -> None:
    appinc = AppSpec(
        *("appinc", "2.0", "Test of new app file", f"{HERE}:Plain"),
        id="CXC 138 ai",
        applications=("kernel",),
        included_applications=("inc1",),
        start_phases=("init", "go"),
        env={"name": "appinc", "own": 1},
    )
    controller.load(spec("inc1"))
    controller.load(spec("kernel", mod=None))
    controller.load(appinc)
    await controller.start("kernel")
    await controller.start("appinc")
    for key, value in (
        ("description", "Test of new app file"),
        ("id", "CXC 138 ai"),
        ("vsn", "2.0"),
        ("applications", ("kernel",)),
        ("included_applications", ("inc1",)),
        ("registered", ()),
        ("start_phases", ("init", "go")),
        ("mod", f"{HERE}:Plain"),
        ("very_unknown", None),
    ):
        assert controller.get_key("appinc", key) == value
    everything = controller.get_all_key("appinc")
    assert everything is not None
    assert everything["env"] == {"name": "appinc", "own": 1}
    assert controller.get_key("nobody", "vsn") is controller.get_all_key("nobody") is None
    top = whereis("appinc_sup")
    assert top is not None
    assert controller.get_application(top) == "appinc"
    assert controller.get_application(self_()) is None


@case
async def test_application__get_env() -> None:
    controller.load(spec("app", env={"key": "value", "none": None}))
    assert application.get_env("app", "key") == "value"
    assert application.get_env("app", "none", "default") is None
    assert application.get_env("app", "unknown") is application.get_env("unknown_app", "key") is None
    assert application.get_env("app", "unknown", "default") == "default"
    assert application.get_all_env("app") == {"name": "app", "key": "value", "none": None}
    application.get_all_env("app")["key"] = "changed in a copy"
    assert application.get_env("app", "key") == "value"


@case
async def test_application__set_env() -> None:
    """Many at once, of what is loaded and what is not; what was set before a load is there after it."""
    application.set_envs({"appinc": {"own2": "persist", "not_in_app": "persist"}, "unknown": {"key": "persist"}})
    assert application.get_env("appinc", "own2") == application.get_env("unknown", "key") == "persist"
    controller.load(spec("appinc", env={"own1": "value1", "own2": "val2"}))
    assert application.get_env("appinc", "own1") == "value1"
    assert application.get_env("appinc", "own2") == application.get_env("appinc", "not_in_app") == "persist"
    application.set_envs({"appinc": {"own1": "changed"}})
    assert application.get_env("appinc", "own1") == "changed"
    application.unset_env("appinc", "own1")
    assert application.get_env("appinc", "own1") is None
    controller.unload("appinc")
    assert application.get_all_env("appinc") == {}


@case
async def test_application__set_env_persistent() -> None:
    application.set_envs({"appinc": {"own2": "persist", "extra": "persist"}}, persistent=True)
    for _ in range(2):
        controller.load(spec("appinc", env={"own1": "value1", "own2": "val2"}))
        assert application.get_env("appinc", "own1") == "value1"
        assert application.get_env("appinc", "own2") == application.get_env("appinc", "extra") == "persist"
        controller.unload("appinc")


@case
async def test_application__set_env_errors() -> None:
    """A malformed table is refused whole."""
    bad: list[Any] = [{1: {"k": 1}}, {"app": "no table"}, {"app": {1: "k"}}, {"app": {"k": 1}, "other": [1]}]
    for env in bad:
        with pytest.raises(TypeError):
            application.set_envs(env)
        assert application.get_all_env("app") == {}


@case
async def test_application__persistent_env() -> None:
    application.set_env("appinc", "own2", "persist", persistent=True)
    application.set_env("appinc", "key1", "persist", persistent=True)

    def three() -> tuple[Any, Any, Any]:
        return tuple(application.get_env("appinc", k) for k in ("own1", "own2", "key1"))  # type: ignore[return-value]

    controller.load(spec("appinc", env={"own1": "value1", "own2": "val2"}))
    assert three() == ("value1", "persist", "persist")
    application.set_env("appinc", "own1", "persist", persistent=True)
    controller.unload("appinc")
    controller.load(spec("appinc", env={"own1": "value1", "own2": "val2"}))
    assert three() == ("persist", "persist", "persist")
    await controller.config_change({"appinc": {"own2": "of the configuration"}})
    assert three() == ("persist", "persist", "persist")
    for key in ("own1", "key1"):
        application.unset_env("appinc", key, persistent=True)
    assert three() == (None, "persist", None)
    controller.unload("appinc")
    controller.load(spec("appinc", env={"own1": "value1", "own2": "val2"}))
    assert three() == ("value1", "persist", None)


def test_application__config_change(tmp_path: Path) -> None:
    """A configuration with included files replaces the one before; what is running hears of it, what is loaded later
    begins with it."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sys.toml").write_text('include = ["t1.toml", "sub/t3.toml"]\n[app]\npar1 = "sys"\npar6 = "sys"\n')
    (tmp_path / "t1.toml").write_text('include = ["t2.toml"]\n[app]\npar1 = "t1"\npar2 = "t1"\npar3 = "t1"\n')
    (tmp_path / "t2.toml").write_text('[app]\npar3 = "t2"\npar4 = "t2"\n[later]\npar1 = "t2"\n')
    (tmp_path / "sub" / "t3.toml").write_text('[app]\npar5 = "t3"\n')

    @case
    async def body() -> None:
        controller.load(spec("app", env={"par2": "default", "par7": "default"}))
        await controller.start("app")
        application.set_env("app", "gone", 1)
        await controller.config_change(sys_config.read([tmp_path / "sys.toml"]))
        told = trail[-1]
        assert told[0] == "config_change"
        assert told[1] == {"par2": "t1"}
        assert told[2] == {"par1": "sys", "par3": "t1", "par4": "t2", "par5": "t3", "par6": "sys"}
        assert told[3] == ["gone"]
        assert application.get_env("app", "par7") == "default"
        controller.load(spec("later", env={"par1": "default"}))
        assert application.get_env("later", "par1") == "t2"
        count = len(trail)
        await controller.config_change(sys_config.read([tmp_path / "sys.toml"]))
        assert len(trail) == count

    body()


@case
async def test_application__shutdown_func() -> None:
    """The node's way down begins with a word to who asked for it, and waits for it."""
    me = self_()
    controller.load(spec("app"))
    await controller.start("app")

    async def told(reason: object) -> None:
        send(me, ("shutting down", reason, names()))
        await process.sleep(0.005)
        trail.append("told")

    application.set_env("kernel", "shutdown_func", told)
    trail.clear()
    await gen_server.stop(controller.NAME, "shutdown")
    assert await receive(lambda m: isinstance(m, tuple)) == ("shutting down", "shutdown", ["app"])
    assert trail == ["told", ("ended", "app"), ("stop", "app")]


@case
async def test_application__shutdown_timeout() -> None:
    """An application that will not stop holds up the way down no longer than that; then what is left is killed."""
    for each in (spec("first"), spec("holds", mod="Holds")):
        controller.load(each)
        await controller.start(each.name)
    application.set_env("kernel", "shutdown_timeout", 0.03)
    holding = whereis("holds")
    await gen_server.stop(controller.NAME)
    assert holding is not None
    assert not process.is_alive(holding)
    assert "holding" in trail


@case
async def test_application__shutdown_deadlock() -> None:
    """While an application hangs in its stop, everybody else is served; it ends when it is let go."""
    controller.load(spec("deadlock", mod="Holds"))
    controller.load(spec("other"))
    await controller.start("deadlock")
    me = self_()

    async def stopper() -> None:
        await controller.stop("deadlock")
        send(me, "stopped")

    spawn(stopper)
    await until(lambda: "holding" in trail)
    assert "deadlock" in names()
    await controller.start("other")
    await controller.stop("other")
    with pytest.raises(ApplicationError):
        await controller.stop("deadlock")  # it is stopping already
    with pytest.raises(ApplicationError, match="already_started"):
        await controller.start("deadlock")
    send("holds", "continue")
    assert await receive(lambda m: isinstance(m, str), timeout=5) == "stopped"
    assert names() == []


def test_application__config_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An included file is looked for beside the file that includes it, wherever the node was started."""
    (tmp_path / "up" / "down").mkdir(parents=True)
    (tmp_path / "up" / "sys.toml").write_text('include = ["down/rel1.toml", "../rel2.toml"]\n')
    (tmp_path / "up" / "down" / "rel1.toml").write_text('include = ["rel3.toml"]\n[a]\nfirst = 1\n')
    (tmp_path / "up" / "down" / "rel3.toml").write_text("[a]\nthird = 3\n")
    (tmp_path / "rel2.toml").write_text("[a]\nsecond = 2\n")
    monkeypatch.chdir(tmp_path / "up" / "down")
    expected = {"a": {"first": 1, "second": 2, "third": 3}}
    assert sys_config.read([tmp_path / "up" / "sys.toml"]) == expected
    assert sys_config.read([Path("../sys.toml")]) == expected
    (tmp_path / "rel2.toml").unlink()
    with pytest.raises(SysConfigError, match=r"sys\.toml.*rel2\.toml"):
        sys_config.read([tmp_path / "up" / "sys.toml"])


def test_application__handle_many_config_files(tmp_path: Path) -> None:
    """Of several files a later one overrides an earlier one, key by key; a bad one is told with its name."""
    for n in (1, 2, 3):
        (tmp_path / f"{n}.toml").write_text(f"[app]\nkey{n} = {n}\nshared = {n}\n[other{n}]\nx = 1\n")
    files = [tmp_path / f"{n}.toml" for n in (1, 2, 3)]
    read = sys_config.read(files)
    assert read["app"] == {"key1": 1, "key2": 2, "key3": 3, "shared": 3}
    assert set(read) == {"app", "other1", "other2", "other3"}
    assert sys_config.read(reversed(files))["app"]["shared"] == 1
    (tmp_path / "2.toml").write_text("[app\n")
    with pytest.raises(SysConfigError, match=r"2\.toml"):
        sys_config.read(files)
    (tmp_path / "2.toml").write_text("app = 1\n")
    with pytest.raises(SysConfigError, match=r"2\.toml.*app"):
        sys_config.read(files)
    (tmp_path / "2.toml").write_text('include = ["1.toml"]\n')
    (tmp_path / "1.toml").write_text('include = ["2.toml"]\n')
    with pytest.raises(SysConfigError, match="circle"):
        sys_config.read(files)


@case
async def test_application__optional_applications() -> None:
    """Started first where they are there; not missed where they are not."""
    controller.load(spec("opt"))
    controller.load(spec("app", optional_applications=("opt", "not_there")))
    assert await controller.ensure_all_started("app") == ["opt", "app"]
    await controller.stop("app")
    await controller.stop("opt")
    controller.unload("opt")
    assert await controller.ensure_all_started("app") == ["app"]


def test_application__otp_1586(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading loads what is included, and that which this includes; if one is missing, nothing is loaded."""
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path, "app5", 'included_applications = ["app6"]')
    write(tmp_path, "app6")

    @case
    async def body() -> None:
        controller.load(spec("app4", included_applications=("app5",)))
        assert {s.name for s in controller.loaded_applications()} == {"app4", "app5", "app6"}
        controller.unload("app4")
        with pytest.raises(AppResourceError, match="no_such_app"):
            controller.load(spec("app7", included_applications=("no_such_app",)))
        assert "app7" not in {s.name for s in controller.loaded_applications()}

    body()


@case
async def test_application__otp_2973() -> None:
    """Two processes start the same application at the same time: both hear that it runs, or why it does not."""
    me = self_()

    async def starter(name: str) -> None:
        try:
            await controller.start(name)
            send(me, "ok")
        except ApplicationError as exc:
            send(me, exc.reason)

    for name, mod, result in (("app0", "Slow", "ok"), ("bad", "SlowToFail", "start error")):
        controller.load(spec(name, mod=mod))
        for _ in range(2):
            spawn(starter, name)
        assert [await receive(lambda m: isinstance(m, str), timeout=5) for _ in range(2)] == [result, result]
    assert trail.count(("start", "app0")) == 1


@case
async def test_application__otp_4227() -> None:
    """What an application needs has been killed: it does not start, and the reason names what is missing."""
    controller.load(spec("app9"))
    controller.load(spec("app10", "app9"))
    for _ in range(2):
        with pytest.raises(ApplicationError) as error:
            await controller.start("app10")
        assert error.value.reason == ("not_started", "app9")
        await controller.start("app9")
        exit_(whereis("app9_sup"), "kill")  # type: ignore[arg-type]
        await until(lambda: names() == [])


@case
async def test_application__otp_5363() -> None:
    """When an application stops, every process that came of it is killed, though nobody is linked to it."""
    controller.load(spec("leader", mod="Spawns"))
    outsider = spawn(process.receive, name="outsider")
    await controller.start("leader")
    await until(lambda: whereis("grandchild"))
    await controller.stop("leader")
    assert whereis("nisse") is whereis("grandchild") is None
    assert process.is_alive(outsider)


@case
async def test_application__otp_16504() -> None:
    """The node goes down while an application is slow to start: it is not waited for, and its starter hears of it."""
    controller.load(spec("slow", mod="Slow", env={"seconds": 60}))
    controller.load(spec("before"))
    await controller.start("before")
    me = self_()

    async def starter() -> None:
        try:
            await controller.start("slow")
        except Exception as exc:
            send(me, ("heard", exc))

    spawn(starter)
    await process.sleep(0.005)
    await gen_server.stop(controller.NAME)
    heard = await receive(lambda m: isinstance(m, tuple), timeout=5)
    assert isinstance(heard[1], ApplicationError)
    assert trail == [("start", "before"), ("ended", "before"), ("stop", "before")]
