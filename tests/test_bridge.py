"""The bridge between the web server's event loop and Django's threads, served by a real Granian."""

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.services, pytest.mark.xdist_group("bridge")]

APPLICATION = """
import json, threading
from helpdesk.bridge import Bridge

class Stream:
    streaming = True
    def __init__(self): self.parts = iter([b"one ", b"two ", b"three"])
    def __iter__(self): return self.parts
    def close(self): closed.append(threading.current_thread().name)

closed = []

def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fails":
        raise RuntimeError("meant")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    if path == "/stream":
        return Stream()
    if path == "/closed":
        return [json.dumps(closed).encode()]
    body = environ["wsgi.input"].read()
    shown = {k: v for k, v in environ.items() if isinstance(v, str)} | {"size": len(body)}
    return [json.dumps(shown).encode()]

async def push(scope, protocol):
    transport = protocol.response_stream(200, [("content-type", "text/event-stream")])
    await transport.send_str("data: hello\\n\\n")
    await protocol.client_disconnect()

application = Bridge(wsgi, 1, 100_000, {"/push/": push})
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "served.py").write_text(APPLICATION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "rsgi",
        "served:application",
        "--no-ws",
        "--workers-kill-timeout",
        "1",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, env={"PYTHONPATH": f"{ROOT}:{folder}"}, stdout=log, stderr=log
        )
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
    yield port
    server.terminate()
    server.wait()


def fetch(port: int, path: str, method: str = "GET", body: bytes | None = None, headers: dict | None = None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def seen(port: int, path: str, **more) -> dict:
    import json

    answer, body = fetch(port, path, **more)
    assert answer.status == 200
    return json.loads(body)


def test_the_environment_is_what_pep_3333_says(port):
    environ = seen(port, "/caf%C3%A9%20a?q=%C3%A9&r", headers={"X-Request": "1"})
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/café a"
    assert environ["QUERY_STRING"] == "q=%C3%A9&r"
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["HTTP_HOST"] == f"127.0.0.1:{port}"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", str(port))
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["HTTP_X_REQUEST"] == "1"
    assert environ["wsgi.url_scheme"] == "http"


def test_repeated_headers_of_an_answer_stay_apart(port):
    answer, _ = fetch(port, "/")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_repeated_headers_of_a_request_are_joined_and_underscores_dropped(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", "/")
    for name, value in (("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2"), ("X_Forwarded_For", "6.6.6.6")):
        connection.putheader(name, value)
    connection.endheaders()
    body = connection.getresponse().read().decode()
    assert '"HTTP_X_FORWARDED_FOR": "1.1.1.1,2.2.2.2"' in body
    assert "6.6.6.6" not in body


@pytest.mark.parametrize("size", [0, 3, 99_999, 100_000])
def test_a_body_arrives_whole(port, size):
    environ = seen(port, "/", method="POST", body=b"x" * size, headers={"Content-Type": "text/plain"})
    assert environ["size"] == size
    assert environ["CONTENT_LENGTH"] == str(size)
    assert environ["CONTENT_TYPE"] == "text/plain"


def test_a_body_without_a_length_arrives_whole(port):
    environ = seen(port, "/", method="POST", body=iter([b"abc", b"def"]))
    assert environ["size"] == 6


def test_a_body_over_the_limit_is_refused_by_its_length(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 413")
    connection.close()


def test_a_body_over_the_limit_is_refused_while_it_arrives(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b"186A1\r\n" + b"x" * 100_001 + b"\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 413")
    connection.close()


def test_a_stream_arrives_in_order_and_is_closed_on_a_thread(port):
    answer, body = fetch(port, "/stream")
    assert answer.status == 200
    assert body == b"one two three"
    _, names = fetch(port, "/closed")
    assert b"web_0" in names


def test_clients_that_hang_in_an_upload_hold_nobody_up(port):
    hanging = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    for connection in hanging:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\nbegin")
    assert fetch(port, "/")[0].status == 200
    for connection in hanging:
        connection.close()
    assert fetch(port, "/")[0].status == 200


def test_push_and_pages_share_one_address(port):
    pushes = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
    for connection in pushes:
        connection.sendall(b"GET /push/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert fetch(port, "/")[0].status == 200
    for connection in pushes:
        received = b""
        while b"data: hello" not in received:
            received += connection.recv(4096)
        connection.close()


def test_an_error_of_the_application_is_a_500_and_the_next_page_works(port):
    assert fetch(port, "/fails")[0].status == 500
    assert fetch(port, "/")[0].status == 200
