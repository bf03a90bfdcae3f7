"""make_lock — writes the lock files again: name==version with the hash of every wheel, for all platforms.

Way:      `make lock` → [make_lock] → rel/requirements.lock, rel/dev.lock, rel/build.lock

The files hold names, versions and hashes, and no address: from where the wheels come is the business of
whoever installs. Needs uv (or `pip install uv` into the environment this runs in).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    "rel/requirements.lock": ["pyproject.toml", "--extra", "observer"],
    "rel/build.lock": ["rel/build.in"],
    "rel/dev.lock": ["pyproject.toml", "rel/build.in", "--extra", "dev"],
}
OPTIONS = (
    "--universal", "--generate-hashes", "--python-version", "3.11", "--only-binary", ":all:",
    "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "--upgrade",
)  # fmt: skip


def main() -> int:
    """Write every lock file; give the exit code."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    for target, sources in TARGETS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *sources, "-o", target]
        subprocess.run(command, cwd=ROOT, check=True)
        print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
