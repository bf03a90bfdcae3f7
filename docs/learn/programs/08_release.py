"""A release boots: its applications in order, up, and down again."""

import sys
from pathlib import Path

from greeter import greeter

from otp.kernel import app_resource, application_controller
from otp.release import boot, systools

RELEASE = Path(__file__).parent / "greeter" / "greeter.rel.toml"


async def started():
    """Called when all applications run."""
    print("running:", *[name for name, _description, _vsn in application_controller.which_applications()])
    print(await greeter.greet("Ann"))
    boot.stop("the example is over")  # SIGTERM would do the same


def main():
    release = systools.parse_release(RELEASE.read_text())
    specs = {name: app_resource.find(name) for name, _type in release.applications}
    script = systools.make_script(release, specs)
    for step in script.steps:
        match step:
            case systools.Load(spec):
                print("script: load", spec.name, spec.vsn)
            case systools.Start(app, type_):
                print("script: start", app, type_)
            case systools.Progress(mark):
                print("script: mark", mark)
    env = {"greeter": {"greeting": "Good evening"}}
    return boot.run(script, env, node="tea", hooks=boot.Hooks(started=started))


status = main()
print("exit status", status)
sys.exit(status)
