"""The web server's command: `python -m helpdesk.web HOST PORT`. Reasons: docs/decisions/0001-web-server.md."""

import os
import sys
from importlib import import_module


def command(host: str, port: int) -> list[str]:
    """What to run with `python -m`; WEB_WORKERS processes. WEB_THREADS is read by helpdesk.rsgi."""
    granian = ["granian", "--interface", "rsgi", "helpdesk.rsgi:application", "--no-ws"]
    address = ["--host", host, "--port", str(port), "--workers", os.environ.get("WEB_WORKERS") or "2"]
    return [*granian, *address, "--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "warning"]


if __name__ == "__main__":
    import_module("helpdesk.settings")  # a wrong value is told once, here, and not by every worker
    os.execv(sys.executable, [sys.executable, "-m", *command(sys.argv[1], int(sys.argv[2]))])  # noqa: S606 (no shell is the point)
