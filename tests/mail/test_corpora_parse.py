"""What the parser makes of mail that nobody here wrote. A score may rise, never fall: raise `tests/floors.json`."""

import base64
import json
import os
import re
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from pathlib import Path

import pytest

from tickets.mail import appointments, inert, tnef
from tickets.mail.html_text import html_to_text
from tickets.mail.mime import Limits, Part, split
from tickets.mail.parse import parse

FLOORS = json.loads((Path(__file__).parents[1] / "floors.json").read_text())
KINDS = {".eml", ".raw", ".msg", ".mbox", ".txt"}


def mails(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in KINDS]


def test_every_mail_is_read(corpora):
    read = 0
    for part in ("email", "bounces", "auth"):
        for path in mails(corpora / part):
            mail = parse(path.read_bytes())
            assert mail.problem != "parser_failed", path
            (mail.text + mail.html + mail.subject).encode()
            inert.check(mail.html)
            read += 1
    assert read >= FLOORS["mails_read"]


@pytest.fixture(scope="module")
def stalwart(corpora) -> list[tuple[dict, bytes]]:
    """Mails with the reading of another parser, where that can be compared: one that still has a delimiter line of
    the mail inside a part of its own has read past the end of that part (RFC 2046, 5.1.2) and is no measure."""
    paths = sorted((corpora / "email" / "stalwart").glob("*/*.eml"))
    pairs = [
        (json.loads(p.with_suffix(".json").read_text()), p.read_bytes())
        for p in paths
        if p.with_suffix(".json").is_file()
    ]
    return [(theirs, raw) for theirs, raw in pairs if not reads_past_the_end(theirs, raw)]


def reads_past_the_end(theirs: dict, raw: bytes) -> bool:
    boundary = rb'boundary="?([^"\s;]+)'
    for part in theirs["parts"]:
        inside = raw[part["offset_body"] : part["offset_end"]]
        foreign = set(re.findall(boundary, raw)) - set(re.findall(boundary, inside))
        lines = {line.strip() for line in inside.split(b"\n")}
        if "Multipart" not in part["body"] and lines & {b"--" + found for found in foreign}:
            return True
    return False


def words(text: str) -> list[str]:
    return re.sub(r"[\x00-\x1f]", " ", text).split()


def alike(theirs: list[str], ours: list[str]) -> bool:
    """Equal word by word, where they could not decode (U+FFFD) with whatever we found there."""
    told = [word for word in theirs if word.strip("\ufffd")]
    ours = [word for word in ours if word.strip("\ufffd")]
    return len(told) == len(ours) and all(
        re.fullmatch(re.escape(word).replace("\ufffd", ".*"), own) for word, own in zip(told, ours, strict=True)
    )


def body(part: dict) -> str | None:
    """The words of a part of theirs, None for one that has none."""
    if "Html" in part["body"]:
        return html_to_text(part["body"]["Html"])
    return part["body"].get("Text")


def broken(theirs: dict) -> list[int]:
    """Damaged texts (cut off by the end of the mail, or in an encoding that they are not) and multiparts without
    parts: attachments to them, and text to us, so that a reader sees them."""
    found = []
    for number in theirs["attachments"]:
        part = theirs["parts"][number]
        kind = declared(part)
        is_text = kind in ("", "text/plain", "text/html") and part["is_encoding_problem"]
        if "Text" in part["body"] or "Html" in part["body"]:
            found += [number] if is_text or kind.startswith("multipart/") else []
    return found


def declared(part: dict) -> str:
    values = [h["value"]["ContentType"] for h in part["headers"] if h["name"] == "content_type"]
    return f"{values[0]['c_type']}/{values[0]['c_subtype']}" if values else ""


def test_subjects_are_those_of_another_parser(stalwart):
    right = 0
    for theirs, raw in stalwart:
        values = [h["value"] for h in theirs["parts"][0]["headers"] if h["name"] == "subject"]
        told = words(values[0].get("Text", "")) if values and isinstance(values[0], dict) else []
        right += alike(told, words(parse(raw).subject))
    assert right / len(stalwart) >= FLOORS["stalwart_subjects"]


def test_the_text_is_the_one_another_parser_chooses(stalwart):
    right, wrong = 0, []
    for theirs, raw in stalwart:
        shown = [body(theirs["parts"][n]) or "" for n in theirs["text_body"]]
        more = [body(theirs["parts"][n]) or "" for n in broken(theirs)]
        same = any(alike(words("\n".join(told)), words(parse(raw).text)) for told in (shown, shown + more))
        right += same
        wrong += [] if same else [raw[:300]]
    assert right / len(stalwart) >= FLOORS["stalwart_texts"], wrong


def test_attachments_are_those_of_another_parser(stalwart):
    right, wrong = 0, []
    for theirs, raw in stalwart:
        left = [theirs["parts"][n] for n in theirs["attachments"] if n not in broken(theirs)]
        ours = parse(raw).attachments
        same = len(left) == len(ours) and all(map(same_file, left, ours))
        right += same
        wrong += [] if same else [raw[:300]]
    assert right / len(stalwart) >= FLOORS["stalwart_files"], wrong


def same_file(part, file):
    """Name, where it has one that needs no cleaning, and decoded bytes; texts word by word."""
    name = next((a["value"] for a in attributes(part) if a["name"] in ("filename", "name")), "")
    if name and name.isascii() and re.fullmatch(r"[\w. -]+", name) and name != file.name:
        return False
    ((kind, content),) = part["body"].items()
    if kind not in ("Binary", "InlineBinary") or bytes(content).lstrip().startswith(b"begin "):
        return True  # a text, compared above, or uuencoded, which they leave as it is
    return bytes(content).replace(b"\r", b"").strip() == file.data.replace(b"\r", b"").strip()


def attributes(part):
    for wanted in ("content_disposition", "content_type"):
        for header in part["headers"]:
            if header["name"] == wanted and isinstance(header["value"], dict):
                yield from header["value"].get("ContentType", {}).get("attributes") or ()


def addresses(message: Message, name: str) -> list[str]:
    values = [str(value) for value in message.get_all(name, [])]
    return list(dict.fromkeys(address.lower() for _, address in getaddresses(values) if "@" in address))


def leaves(message: Message) -> int:
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list) and payload:
        return sum(map(leaves, payload))
    return 1


def our_leaves(part: Part) -> int:
    return sum(map(our_leaves, part.children)) if part.children else 1


def test_the_standard_library_finds_the_same_parts(corpora):
    """compat32, which raises on none of these; nested messages count as one part."""
    right, all_ = 0, 0
    for path in mails(corpora / "email"):
        raw = path.read_bytes()
        if b"oundary" in raw and "stalwart" not in path.parts:
            all_ += 1
            right += leaves(message_from_bytes(raw)) == our_leaves(split(raw, Limits()).root)
    assert all_ >= FLOORS["mails_with_parts"]
    assert right / all_ >= FLOORS["parts_as_in_the_standard_library"]


def test_mailboxes_have_the_parts_of_their_summaries(corpora):
    right, all_ = 0, 0
    for path in sorted((corpora / "email" / "mimekit" / "mbox").glob("*.unix-offsets.json")):
        box = path.with_name(path.name.replace(".unix-offsets.json", ".mbox.txt"))
        if not box.is_file():
            continue
        text = box.read_bytes().replace(b"\r\n", b"\n")
        for told in json.loads(path.read_text()):
            raw = text[told["beginOffset"] : told["endOffset"]]
            all_ += 1
            right += told_leaves(told["body"]) == our_leaves(split(raw, Limits()).root)
    assert all_ >= FLOORS["mailbox_mails"]
    assert right / all_ >= FLOORS["parts_as_in_mailbox_summaries"]


def told_leaves(part: dict) -> int:
    children = part.get("children")
    return sum(map(told_leaves, children)) if children else 1


@pytest.mark.parametrize("folder", ["chatwoot", "django_helpdesk", "nodemailer"])
def test_people_are_those_of_the_standard_library(corpora, folder):
    for path in mails(corpora / "email" / folder):
        theirs, ours = message_from_bytes(path.read_bytes()), parse(path.read_bytes())
        assert addresses(theirs, "from") == ([ours.from_.key] if ours.from_ else []), path
        for name, found in (("to", ours.to), ("cc", ours.cc), ("reply-to", ours.reply_to)):
            assert addresses(theirs, name) == [person.key for person in found], (path, name)


@pytest.mark.parametrize("folder", ["chatwoot", "django_helpdesk", "django_mailbox", "nodemailer"])
def test_named_files_are_those_of_the_standard_library(corpora, folder):
    for path in mails(corpora / "email" / folder):
        parts = [p for p in message_from_bytes(path.read_bytes()).walk() if p.get_filename() and not p.is_multipart()]
        ours = [file.data for file in parse(path.read_bytes()).attachments]
        assert all(part.get_payload(decode=True) in ours for part in parts), path


def test_names_and_subjects_decode(corpora):
    """No replacement character but where the sender wrote one."""
    for path in mails(corpora / "email" / "django_mailbox"):
        raw = path.read_bytes()
        mail = parse(raw)
        shown = mail.subject + "".join(file.name for file in mail.attachments)
        assert "\ufffd" not in shown or "\ufffd".encode() in raw, path


def test_files_come_out_of_winmail_dat(corpora):
    right, all_ = 0, 0
    for path in sorted((corpora / "tnef").rglob("*.tnef")):
        path, packed = corpora / "tnef" / "mimekit" / path.name, path.read_bytes()
        inside = tnef.read(packed)
        found = {file.name: file.data for file in inside.files}
        found |= {"message.rtf": inside.rtf, "message.html": inside.html.encode()}
        names = path.with_suffix(".list").read_text().split("\n") if path.with_suffix(".list").is_file() else []
        wanted = [name for name in names if name and not name.startswith("body.")]
        right += sum(name in found for name in wanted)
        files = sorted(path.with_suffix("").iterdir()) if path.with_suffix("").is_dir() else []
        right += sum(same_bytes(file, found) for file in files)
        all_ += len(wanted) + len(files)
    assert all_ >= FLOORS["tnef_checked"]
    assert right / all_ >= FLOORS["tnef_right"]


def same_bytes(file: Path, found: dict[str, bytes]) -> bool:
    data = found.get(re.sub(r"\.\d$", "", file.name), found.get(file.name, b""))
    return data.replace(b"\r", b"") == file.read_bytes().replace(b"\r", b"")


def test_abuse_28_winmail_dat_is_unpacked_or_kept(corpora):
    for path in sorted((corpora / "tnef").rglob("*.tnef")):
        packed = path.read_bytes()
        raw = (
            b"From: a@example.com\nContent-Type: application/ms-tnef; name=winmail.dat\n"
            b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(packed)
        )
        mail = parse(raw)
        assert mail.problem == "", path
        assert mail.attachments[0].data == packed, path
        for damaged in (packed[: len(packed) // 2], packed[:100], packed[:6] + os.urandom(500), packed[:-3] + b"xxx"):
            tnef.read(damaged)


def test_abuse_29_calendars_are_read_and_never_followed(corpora):
    found = 0
    for path in sorted((corpora / "ics").rglob("*.ics")):
        raw = b"From: a@example.com\nContent-Type: text/calendar; method=REQUEST\n\n" + path.read_bytes()
        mail = parse(raw)
        assert mail.problem == "", path
        assert len(mail.attachments) == 1, path
        assert len(mail.appointments) <= appointments.MAX_APPOINTMENTS
        found += bool(mail.appointments)
    assert found >= FLOORS["calendars_shown"]
