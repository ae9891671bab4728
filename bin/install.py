"""Makes the virtualenv and installs requirements files into it; prints the path of its Python.

    python3 bin/install.py ROOT requirements.txt [requirements-dev.txt]

Uses the standard library only: it runs before anything is installed. A stamp in the virtualenv tells what it holds,
so that a second start costs nothing. Runs that come at the same time wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def fail(line: str) -> None:
    sys.exit(f"Helpdesk: {line}")


def stamp(root: Path, venv: Path, files: list[str]) -> dict[str, str]:
    """What should be installed: a digest for each requirements file, bound to this Python and this place."""
    here = f"{sys.version_info[:2]} {venv}".encode()
    return {name: hashlib.sha256(here + (root / name).read_bytes()).hexdigest() for name in files}


def read_stamp(venv: Path) -> dict[str, str]:
    try:
        return dict(line.split() for line in (venv / "helpdesk-stamp").read_text().splitlines())
    except (OSError, ValueError):
        return {}


def make(venv: Path) -> None:
    if (venv / "bin" / "python").exists() and run([venv / "bin" / "python", "-c", ""]).returncode == 0:
        return
    print(f"Making the virtualenv {venv}", file=sys.stderr)
    done = run([sys.executable, "-m", "venv", "--clear", venv])
    if done.returncode and shutil.which("uv"):
        done = run(["uv", "venv", "--clear", "--seed", "--python", sys.executable, venv])
    if done.returncode:
        version = "python{}.{}".format(*sys.version_info[:2])
        if "ensurepip" in done.stdout:
            fail(f"{version} has no venv module; install it, on Debian and Ubuntu: apt-get install {version}-venv")
        fail(f"the virtualenv {venv} cannot be made: {last_line(done.stdout)}")


def install(root: Path, venv: Path, files: list[str]) -> None:
    print(f"Installing {' and '.join(files)}", file=sys.stderr)
    wanted = [part for name in files for part in ("-r", root / name)]
    if (
        shutil.which("uv")
        and run(["uv", "pip", "install", "--python", venv / "bin" / "python", *wanted]).returncode == 0
    ):
        return
    options = ["--quiet", "--disable-pip-version-check", "--prefer-binary", "--no-input", "--no-compile"]
    done = run([venv / "bin" / "python", "-m", "pip", "install", *options, *wanted])
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail("the requirements could not be installed; the lines above say why.")


def run(command: list) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def last_line(text: str) -> str:
    return (text.strip() or "no reason given").splitlines()[-1]


def main() -> None:
    root, files = Path(sys.argv[1]), sys.argv[2:]
    venv = Path(os.environ.get("HELPDESK_VENV") or root / ".venv").absolute()
    try:
        venv.parent.mkdir(parents=True, exist_ok=True)
        lock = venv.with_name(venv.name + ".lock").open("w")
    except OSError as error:
        fail(f"the virtualenv {venv} cannot be made: {error.strerror}. Name another place in HELPDESK_VENV.")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, present = stamp(root, venv, files), read_stamp(venv)
        missing = [name for name in files if present.get(name) != wanted[name]]
        if missing:
            make(venv)
            install(root, venv, files)
            (venv / "helpdesk-stamp").write_text("".join(f"{k} {v}\n" for k, v in {**present, **wanted}.items()))
    print(venv / "bin" / "python")


if __name__ == "__main__":
    main()
