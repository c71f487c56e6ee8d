"""Makes .venv with the locked dependencies; needs nothing but this Python, not even pip or the venv package."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UV = VENV / "bin" / "uv"
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
UV_ENTRY = next(package for package in LOCK["package"] if package["name"] == "uv")


def main() -> int:
    """Make the environment, fetch uv into it, and let uv install what is locked."""
    if sys.version_info < (3, 11):
        print("Linli needs Python 3.11 or newer; run e.g. `make setup PYTHON=python3.12`.", file=sys.stderr)
        return 1
    if not (VENV / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)
    if not UV.exists() or UV_ENTRY["version"] not in version_of(UV):
        fetch_uv()
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": str(VENV)}
    groups = ["--inexact", "--quiet"]
    return subprocess.run([str(UV), "sync", "--frozen", *groups], cwd=ROOT, env=environment, check=False).returncode


def version_of(program: Path) -> str:
    """Return what a program prints of its version."""
    return subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout


def fetch_uv() -> None:
    """Put the locked uv into the environment: by pip where this Python has it, else straight from the locked
    address."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(VENV / "bin" / "python"),
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    if (
        subprocess.run([*pip, f"uv=={UV_ENTRY['version']}"], capture_output=True, check=False).returncode == 0
        and UV.exists()
    ):
        return
    wheel = next(w for w in UV_ENTRY["wheels"] if fits(w["url"].rsplit("/", 1)[1]))
    with urllib.request.urlopen(wheel["url"], timeout=180) as answer:
        raw = answer.read()
    if f"sha256:{hashlib.sha256(raw).hexdigest()}" != wheel["hash"]:
        raise SystemExit("the downloaded uv does not have the locked hash")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        UV.write_bytes(archive.read(inside))
    UV.chmod(0o755)


def fits(wheel: str) -> bool:
    """Tell whether a wheel's file name is for this machine."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = {"Linux": "manylinux", "Darwin": "macosx"}.get(platform.system(), "win")
    arm = {"arm64": "aarch64"} if system == "manylinux" else {"aarch64": "arm64"}
    return system in wheel and arm.get(machine, machine) in wheel


if __name__ == "__main__":
    sys.exit(main())
