"""release — finds the release files and makes the boot scripts of parent and worker out of them.

OTP:      systools:make_script
Way:      node.parent, node.worker → [release] → systools → boot
"""

from __future__ import annotations

from pathlib import Path

from otp.kernel import app_resource
from otp.kernel.app_resource import AppSpec
from otp.release import systools
from otp.release.systools import ReleaseError, Script

#: the package: its release files and application files travel with it, however it was installed
HERE = Path(__file__).resolve().parent.parent


def script(name: str) -> Script:
    """Return the boot script of NAME.rel.toml. Raises ReleaseError, AppResourceError."""
    file = HERE / f"{name}.rel.toml"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ReleaseError(f"{file}: {error.strerror}") from None
    release = systools.parse_release(text, str(file))
    return systools.make_script(release, {app: _spec(app) for app, _ in release.applications})


def _spec(app: str) -> AppSpec:
    own = HERE / f"{app}.app.toml"
    return app_resource.read(own) if own.is_file() else app_resource.find(app)
