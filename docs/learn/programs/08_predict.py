"""The same release; the setting is empty, and Greeter.init answers StopInit."""

from pathlib import Path

from otp.kernel import app_resource
from otp.release import boot, systools

RELEASE = Path(__file__).parent / "greeter" / "greeter.rel.toml"

release = systools.parse_release(RELEASE.read_text())
specs = {name: app_resource.find(name) for name, _type in release.applications}
script = systools.make_script(release, specs)

print("status", boot.run(script, {"greeter": {"greeting": ""}}))
