"""What `bin/test` does once everything is installed: services, a browser, pytest, and an end that leaves nothing
running."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpdesk import embedded

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
LONGEST = 45 * 60  # seconds
HINT = "No Chromium for the browser tests: install one (apt-get install chromium) or name it in CHROMIUM."


def main() -> int:
    browser = find_chromium()
    if browser:
        os.environ["CHROMIUM"] = browser
    else:
        print(HINT, file=sys.stderr)
    data = Path(tempfile.mkdtemp(prefix="helpdesk-test-"))
    data.chmod(0o711)  # as root, PostgreSQL's own account has to pass
    os.environ["HELPDESK_DATA"] = str(data)
    os.environ["HELPDESK_EMBEDDED_THROWAWAY"] = "1"
    os.environ["PYTHONUNBUFFERED"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of a hundred processes compiles the desk again
    try:
        os.environ.setdefault("DATABASE_URL", embedded.database_url(data))
        os.environ.setdefault("REDIS_URL", embedded.redis_url(data))
        return pytest(sys.argv[1:])
    finally:
        embedded.stop(data)
        shutil.rmtree(data, ignore_errors=True)


def pytest(arguments: list[str]) -> int:
    parallel = [] if any(argument.startswith("-n") for argument in arguments) else ["-n", str(os.cpu_count() or 2)]
    process = subprocess.Popen([sys.executable, "-m", "pytest", *parallel, "--dist", "loadgroup", *arguments])
    end = time.monotonic() + LONGEST
    while True:
        try:
            return process.wait(max(end - time.monotonic(), 1))
        except KeyboardInterrupt:
            continue  # pytest got it too and prints what it has
        except subprocess.TimeoutExpired:  # a worker that crashed can leave xdist waiting for it
            print(f"The tests did not end within {LONGEST // 60} minutes.", file=sys.stderr)
            process.kill()


def find_chromium() -> str | None:
    """A Chromium that starts, installed first when there is none and that is possible; else None."""
    for step in (None, _from_system, _from_playwright):
        if step and not step():
            continue
        named = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else []
        for candidate in [*named, *filter(None, map(shutil.which, BROWSERS)), *_of_playwright()]:
            if _runs([candidate, "--version"]):
                return candidate
    return None


def _from_system() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing Chromium", file=sys.stderr)
    options = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    return _runs(["apt-get", "update", "-qq"]) and _runs(["apt-get", "install", *options, "chromium"])


def _from_playwright() -> bool:
    print("Fetching Chromium", file=sys.stderr)
    return _runs([sys.executable, "-m", "playwright", "install", "chromium"])


def _of_playwright() -> list[str]:
    found: list[Path] = []
    for folder in (Path.home() / ".cache" / "ms-playwright", Path.home() / "Library" / "Caches" / "ms-playwright"):
        found += [*folder.glob("chromium-*/chrome-*/chrome"), *folder.glob("chromium-*/*/Chromium.app/*/*/Chromium")]
    return [str(path) for path in found]


def _runs(command: list[str]) -> bool:
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, timeout=900, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
