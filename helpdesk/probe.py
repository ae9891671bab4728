"""Health checks for containers that have no curl; exit 0 is healthy.

`python -m helpdesk.probe web` asks /healthz here, `worker` asks the web container whether it sees the worker's
heartbeat, `smtp` waits for an SMTP greeting here.
"""

import json
import socket
import sys
import urllib.error
import urllib.request


def web(host: str = "localhost", port: int = 8000) -> bool:
    with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=4) as answer:
        return answer.status == 200


def worker(host: str = "web", port: int = 8000) -> bool:
    request = urllib.request.Request(f"http://{host}:{port}/readyz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=4):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return not any(reason.startswith("worker") for reason in json.loads(error.read())["reasons"])


def smtp(host: str = "localhost", port: int = 8025) -> bool:
    with socket.create_connection((host, port), timeout=4) as connection:
        return connection.recv(3) == b"220"


if __name__ == "__main__":
    try:
        sys.exit(0 if {"web": web, "worker": worker, "smtp": smtp}[sys.argv[1]]() else 1)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
