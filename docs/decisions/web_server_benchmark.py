"""Compares shapes of the web server; its table stands in 0001-web-server.md.

    .venv/bin/python docs/decisions/web_server_benchmark.py [seconds per row]

Every shape serves the same page (web_server_app.py). "slow" is the slowest of 20 pages asked for while eight clients
hang in the middle of an upload, "push" the number of 200 opened push connections that got their first event while
pages were served.
"""

import http.client
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from helpdesk import embedded

PORT = 8765
CONNECTIONS = 8
SHAPES = [  # name, interface, application, workers, threads
    ("WSGI, 2 workers x 1 thread", "wsgi", "wsgi", 2, 1),
    ("WSGI, 2 workers x 4 threads", "wsgi", "wsgi", 2, 4),
    ("WSGI, 1 worker x 8 threads", "wsgi", "wsgi", 1, 8),
    ("ASGI + a2wsgi, 1 worker x 8 threads", "asgi", "asgi", 1, 8),
    ("ASGI + a2wsgi, 2 workers x 1 thread", "asgi", "asgi", 2, 1),
    ("Django ASGI, 2 workers", "asgi", "django_asgi", 2, 1),
    ("RSGI bridge, 2 workers x 1 thread", "rsgi", "rsgi", 2, 1),
    ("RSGI bridge, 2 workers x 4 threads", "rsgi", "rsgi", 2, 4),
]


def serve(interface, application, workers, threads):
    command = [sys.executable, "-m", "granian", f"web_server_app:{application}", "--interface", interface, "--no-ws"]
    command += ["--port", str(PORT), "--workers", str(workers), "--log-level", "error"]
    if interface == "wsgi":
        command += ["--blocking-threads", str(threads)]
    server = subprocess.Popen(command, cwd=HERE, env={**os.environ, "WEB_THREADS": str(threads)})
    while True:
        try:
            ask()
            return server
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)


def ask(client=None):
    client = client or http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    client.request("GET", "/page")
    answer = client.getresponse()
    assert len(answer.read()) > 1000, answer.status
    return client


def load(seconds, results):
    client, times, errors = None, [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            client = ask(client)
            times.append(time.monotonic() - begin)
        except (OSError, http.client.HTTPException):
            client, errors = None, errors + 1
    results.put((times, errors))


def tree(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in tree(int(child)))]


def cpu_seconds(pids):
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(values[11]) + int(values[12]) for values in fields) / os.sysconf("SC_CLK_TCK")


def pss(pids):
    lines = (Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1] for pid in pids)
    return sum(int(line.split()[0]) for line in lines) // 1024


def under_load(seconds):
    results = multiprocessing.Queue()
    clients = [multiprocessing.Process(target=load, args=(seconds, results)) for _ in range(CONNECTIONS)]
    for client in clients:
        client.start()
    answers = [results.get() for _ in clients]
    for client in clients:
        client.join()
    return sorted(value for times, _ in answers for value in times), sum(errors for _, errors in answers)


def slowest_beside_hanging_uploads():
    hanging = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(8)]
    for connection in hanging:
        connection.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbegin")
    time.sleep(0.5)
    slowest = 0.0
    for _ in range(20):
        begin = time.monotonic()
        try:
            ask(http.client.HTTPConnection("127.0.0.1", PORT, timeout=3)).close()
        except OSError:
            return "hangs"
        finally:
            slowest = max(slowest, time.monotonic() - begin)
    for connection in hanging:
        connection.close()
    return f"{slowest * 1000:.0f} ms"


def pushes():
    opened = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(200)]
    for connection in opened:
        connection.sendall(b"GET /push HTTP/1.1\r\nHost: x\r\n\r\n")
    ask().close()
    first = 0
    for connection in opened:
        connection.settimeout(3)
        first += b"text/event-stream" in connection.recv(4096)
        connection.close()
    return first


def measure(shape, seconds):
    name, interface, application, workers, threads = shape
    server = serve(interface, application, workers, threads)
    try:
        under_load(1)
        pids = tree(server.pid)
        before = cpu_seconds(pids)
        times, errors = under_load(seconds)
        cpu = (cpu_seconds(pids) - before) * 1000 / len(times)
        row = [f"{len(times) / seconds:.0f}", f"{cpu:.2f}", f"{times[len(times) // 2] * 1000:.1f}"]
        row += [f"{times[len(times) * 99 // 100] * 1000:.1f}", str(errors), str(pss(pids))]
        row += [str(pushes()) if application in {"asgi", "rsgi"} else "-", slowest_beside_hanging_uploads()]
        print("|", " | ".join([name, *row]), "|", flush=True)
    finally:
        server.terminate()
        server.wait()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8
    print("| shape | pages/s | CPU ms/page | p50 ms | p99 ms | errors | PSS MiB | push | slow |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        data.chmod(0o711)
        os.environ["DATABASE_URL"] = embedded.database_url(data)
        try:
            for shape in SHAPES:
                measure(shape, seconds)
        finally:
            embedded.stop(data)


if __name__ == "__main__":
    main()
