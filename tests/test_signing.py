from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import signing
from tickets.signing import Key

OLD, NEW = Key(1, b"o" * 32), Key(2, b"n" * 32)
IDS = st.integers(0, 2**50)


@given(IDS, IDS)
def test_a_reply_address_is_read_back_whatever_its_case(ticket, user):
    address = signing.reply_address(NEW, ticket, user, "desk.example")
    assert len(address.partition("@")[0]) <= 64
    assert signing.read_reply_address([OLD, NEW], address)[:2] == (ticket, user)
    assert signing.read_reply_address([OLD, NEW], address.upper())[:2] == (ticket, user)
    assert signing.read_reply_address([OLD], address) is None


@pytest.mark.parametrize("role", signing.ROLES)
def test_a_reply_address_says_what_its_person_answers_as_and_when_it_was_made(role):
    address = signing.reply_address(NEW, 12, 34, "desk.example", role=role, made=date(2026, 3, 5))
    assert signing.read_reply_address([NEW], address) == (12, 34, role, date(2026, 3, 2))


@given(IDS, st.integers(0, 2**128 - 1))
def test_a_message_id_is_read_back(ticket, outbound):
    mid = signing.message_id(NEW, outbound, ticket, "desk.example")
    assert signing.read_message_id([NEW], mid) == (outbound, ticket)
    assert signing.read_message_id([NEW], mid.replace("desk", "evil")) is None


@given(st.data())
def test_one_changed_character_is_refused(data):
    local, _, domain = signing.reply_address(NEW, 12, 34, "desk.example").partition("@")
    place = data.draw(st.integers(len("support+"), len(local) - 1))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda c: c != local[place]))
    changed = f"{local[:place]}{other}{local[place + 1 :]}@{domain}"
    assert signing.read_reply_address([OLD, NEW], changed) is None


@given(st.text(max_size=80))
def test_foreign_text_is_no_token(text):
    assert signing.read_reply_address([NEW], text) is None
    assert signing.read_reply_address([NEW], f"support+{text}@desk.example") is None
    assert signing.read_message_id([NEW], f"<hd.{text}@desk.example>") is None


def test_tokens_serve_one_purpose_only():
    reply = signing.reply_address(NEW, 12, 34, "desk.example").partition("+")[2]
    assert signing.read_bounce_address([NEW], f"bounces+{reply}") is None
    assert signing.read_message_id([NEW], f"<hd.{reply}>") is None


def test_a_bounce_address_names_its_mail():
    assert signing.read_bounce_address([NEW], signing.bounce_address(NEW, 77, "desk.example")) == 77


def test_limits_are_refused():
    with pytest.raises(ValueError):
        signing.reply_address(NEW, 1, 2, "desk.example", local="x" * 40)
    with pytest.raises(ValueError):
        signing.reply_address(NEW, -1, 2, "desk.example")
    with pytest.raises(ValueError):
        Key(1, b"short")


def test_a_new_secret_key_still_accepts_what_the_old_one_signed(settings):
    settings.SECRET_KEY = "the old one " * 6
    address = signing.reply_address(signing.key(), 12, 34, "desk.example")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one " * 6, ["the old one " * 6]
    assert signing.read_reply_address(signing.keys(), address)[:2] == (12, 34)
    settings.SECRET_KEY_FALLBACKS = []
    assert signing.read_reply_address(signing.keys(), address) is None


def test_the_secret_key_itself_signs_no_mail(settings):
    assert settings.SECRET_KEY.encode() not in signing.key().secret
    assert signing.key().secret != settings.SECRET_KEY.encode()[:32]
