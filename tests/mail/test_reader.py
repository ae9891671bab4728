"""The child process that reads mails: it may die of them, the worker does not notice more than a reason code."""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.wait import until
from tickets import blobs
from tickets.mail import child, reader, wire
from tickets.mail.parse import ParsedEmail, parse

# A parser that does what the subject says, in place of the real one; headers alone are read as ever.
BAD_BOOT = textwrap.dedent("""
    import dataclasses, os, sys, time
    sys.path[:] = sys.argv[1:]
    from tickets.mail import child
    good = child.parse
    def parse(raw, **request):
        mail = good(raw, **request)
        if request["problem"] and "always" not in mail.subject:
            return mail
        if "lets a script through" in mail.subject and request["limits"].html:
            return dataclasses.replace(mail, html="<p>x</p><script>y</script>")
        if "loop" in mail.subject:
            while True: pass
        if "grow" in mail.subject:
            return bytearray(child.MEMORY)
        if "crash" in mail.subject:
            os.abort()
        if "lie" in mail.subject:
            os.write(0, b"\\0\\0\\0\\x09not JSON!")
        if "work" in mail.subject:
            end = time.process_time() + 0.1
            while time.process_time() < end: pass
        if "sleep" in mail.subject:
            time.sleep(600)
        return mail
    child.parse = parse
    child.CPU_SECONDS = 0.3
    child.main()
""")


IDLE_BOOT = (
    "import sys; sys.path[:] = sys.argv[1:]; from tickets.mail import child; child.IDLE_SECONDS = 0.2; child.main()"
)


@pytest.fixture(autouse=True)
def fresh_children():
    reader.end_all()
    yield
    reader.end_all()


@pytest.fixture
def bad_parser(monkeypatch):
    monkeypatch.setattr(reader, "_BOOT", BAD_BOOT)


def keep(raw: bytes) -> str:
    return blobs.put(raw)[0]


def about(subject: str) -> str:
    return keep(f"From: a@example.com\nSubject: {subject}\n\nbody".encode())


def read(sha256: str) -> ParsedEmail:
    return reader.read(sha256, domain="desk.example", own_mark="mark")


@pytest.mark.parametrize("name", ["plain", "reply", "rich", "bounce"])
def test_the_child_reads_what_the_parser_reads(eml, name):
    sha256 = keep(eml(name))
    assert read(sha256) == parse(eml(name), domain="desk.example", own_mark="mark")


def test_files_and_texts_of_any_size_come_through():
    body = "grün " * 30_000
    data = os.urandom(300_000) + b"."  # a last \r would be read as part of the line end before the boundary
    raw = (
        b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain;"
        b" charset=utf-8\n\n" + body.encode() + b"\n--b\nContent-Type: application/x\n\n" + data + b"\n--b--\n"
    )
    mail = read(keep(raw))
    assert mail.text == body
    assert mail.attachments[0].data == data


def test_one_child_serves_many_mails(eml):
    sha256 = keep(eml("plain"))
    read(sha256)
    (kept,) = reader._idle
    read(sha256)
    assert reader._idle == [kept]


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("loop", "content_processor_timed_out"),
        ("grow", "content_processor_out_of_memory"),
        ("crash", "content_processor_crashed"),
        ("lie", "content_processor_crashed"),
    ],
)
def test_a_mail_that_ends_the_child_has_headers_and_a_reason(bad_parser, subject, problem):
    mail = read(about(subject))
    assert (mail.problem, mail.subject, mail.text) == (problem, subject, "")
    assert mail.from_.email == "a@example.com"
    assert read(about("fine")).text == "body"


HOSTILE = "<p " + " ".join(f"a{number}=1" for number in range(90_000)) + ">needle</p>"


def formatted(html: str, plain: str = "", subject: str = "x") -> bytes:
    text = f"--b\nContent-Type: text/plain\n\n{plain}\n" if plain else ""
    return (
        f"From: Ana <ana@customers.example>\nSubject: {subject}\nContent-Type: multipart/alternative; boundary=b\n\n"
        f"{text}--b\nContent-Type: text/html\n\n{html}\n--b--\n"
    ).encode()


@pytest.mark.parametrize("plain", ["plain words", ""])
def test_html_that_takes_too_long_is_left_as_a_file(monkeypatch, plain):
    boot = reader._BOOT.replace("main()", "main.__globals__.update(CPU_SECONDS=0.5); main()")
    monkeypatch.setattr(reader, "_BOOT", boot)
    mail = read(keep(formatted(HOSTILE, plain)))
    assert (mail.problem, mail.text, mail.html, mail.html_is_file) == ("", plain, "", True)
    (file,) = mail.attachments
    assert (file.name, file.content_type, file.data.decode().strip()) == ("message.html", "text/html", HOSTILE)


def test_html_that_is_not_clean_is_not_taken_from_the_child(bad_parser):
    mail = read(keep(formatted("<p>x</p>", "plain words", "lets a script through")))
    assert (mail.problem, mail.text, mail.html) == ("", "plain words", "")
    assert [file.name for file in mail.attachments] == ["message.html"]


def test_a_mail_whose_headers_end_the_child_too_has_a_reason(bad_parser):
    sha256 = about("crash always")
    mail = read(sha256)
    assert mail.problem == "content_processor_crashed"
    assert mail.message_id == f"<{sha256[:20]}.intake@desk.example>"


def test_a_child_that_does_not_answer_is_no_verdict_on_the_mail(bad_parser, monkeypatch):
    monkeypatch.setattr(reader, "WALL_SECONDS", 0.5)
    with pytest.raises(reader.NotRead):
        read(about("sleep"))
    assert reader._idle == []


def test_a_child_killed_from_outside_is_no_verdict_on_the_mail(bad_parser, monkeypatch):
    started = []
    start = reader.Child.__init__
    monkeypatch.setattr(reader.Child, "__init__", lambda self: (start(self), started.append(self))[0])
    sha256, caught = about("sleep"), []

    def refused():
        with pytest.raises(reader.NotRead) as error:
            read(sha256)
        caught.append(error)

    thread = threading.Thread(target=refused)
    thread.start()
    until(lambda: started)
    os.kill(started[0].pid, signal.SIGKILL)
    thread.join(20)
    assert caught


def test_a_child_that_cannot_start_is_no_verdict_on_the_mail(monkeypatch, eml):
    monkeypatch.setattr(reader, "_BOOT", "raise SystemExit(3)")
    with pytest.raises(reader.NotRead):
        read(keep(eml("plain")))


def test_a_child_that_left_in_its_idleness_is_replaced(eml, monkeypatch):
    monkeypatch.setattr(reader, "_BOOT", IDLE_BOOT)
    sha256 = keep(eml("plain"))
    read(sha256)
    (first,) = reader._idle
    until(lambda: first._process.poll() == 0)
    monkeypatch.undo()
    assert read(sha256).problem == ""
    assert reader._idle != [first]


def test_a_used_up_child_is_replaced(eml, monkeypatch):
    monkeypatch.setattr(reader, "MAILS", 1)
    read(keep(eml("plain")))
    assert reader._idle == []


def test_the_child_knows_no_secrets_and_no_django(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "very-secret")
    boot = (
        "import sys, os; sys.path[:] = sys.argv[1:]; from tickets.mail import child; good = child.parse\n"
        "def parse(raw, **request):\n"
        "    found = [name for name in sys.modules if name.split('.')[0] in ('django', 'helpdesk', 'celery')]\n"
        "    return good(f'From: a@b.example\\nSubject: {len(os.environ)} {found}\\n\\n'.encode(), **request)\n"
        "child.parse = parse; child.main()"
    )
    monkeypatch.setattr(reader, "_BOOT", boot)
    assert read(about("x")).subject in ("0 []", "1 []")  # LC_CTYPE, which Python sets itself


def test_threads_read_side_by_side(eml):
    sha256s, found = [keep(eml(name)) for name in ("plain", "rich", "reply")] * 4, []
    threads = [threading.Thread(target=lambda s=s: found.append(read(s).problem)) for s in sha256s]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [""] * 12
    assert len(reader._idle) <= reader.KEPT


def test_a_daemonic_process_reads_too_and_leaves_its_parents_child_alone(eml):
    """Celery's workers are daemonic: multiprocessing refuses them children of their own."""
    sha256 = keep(eml("plain"))
    read(sha256)
    (ours,) = reader._idle
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    process = context.Process(target=lambda: results.put((read(sha256).subject, reader._idle[0].pid)), daemon=True)
    process.start()
    subject, pid = results.get(timeout=60)
    process.join(60)
    assert subject == read(sha256).subject
    assert pid != ours.pid
    assert reader._idle == [ours]


def test_the_child_ends_with_its_parent(eml, tmp_path):
    mail = tmp_path / "mail"
    mail.write_bytes(eml("plain"))
    code = textwrap.dedent(f"""
        import os, signal
        from tickets import blobs
        from tickets.mail import reader
        blobs.open_blob = lambda sha256: open({str(mail)!r}, "rb")
        reader.read("0" * 64, domain="desk.example")
        print(reader._idle[0].pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=root)
    pid = int(out.stdout)

    def is_gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return "Z" in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout

    until(is_gone)


def test_a_mail_on_a_remote_store_is_fetched_first(eml, monkeypatch):
    class Remote:
        def __init__(self, data):
            self.parts = [data[:100], data[100:], b""]

        def read(self, size=-1):
            return self.parts.pop(0)

        def close(self):
            pass

    monkeypatch.setattr(blobs, "open_blob", lambda sha256: Remote(eml("plain")))
    assert read(hashlib.sha256(eml("plain")).hexdigest()) == parse(eml("plain"), domain="desk.example", own_mark="mark")


@pytest.mark.parametrize(
    "answer", [None, 1, {}, [], ["x"], {"bytes": -1}, {"bytes": 10**12}, [[]] * 40, ["<a@b>", ["x"], 3]]
)
def test_an_answer_of_another_shape_is_refused(answer):
    with pytest.raises((ValueError, TypeError)):
        wire.unpack(ParsedEmail, answer, lambda wanted: b"")


@pytest.mark.skipif(sys.platform != "linux", reason="macOS knows no limit of the address space")
def test_the_limits_hold_in_the_child():
    code = "import resource as r; from tickets.mail import child; child._limit(); print(*r.getrlimit(r.RLIMIT_AS))"
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True).stdout
    assert out.split() == [str(child.MEMORY)] * 2


def test_time_is_counted_for_each_mail(bad_parser):
    """Many mails together may take longer than one may."""
    sha256 = about("work")
    assert [read(sha256).problem for _ in range(6)] == [""] * 6
    assert len(reader._idle) == 1
