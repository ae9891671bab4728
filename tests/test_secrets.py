import io

import pytest
from django.core import serializers
from django.core.management import call_command
from django.forms import modelform_factory
from hypothesis import given
from hypothesis import strategies as st

from tickets.models import OAuthGrant
from tickets.secrets import Unreadable, reseal, seal, unseal

OLD, NEW = "the old one " * 6, "the new one " * 6


@given(st.text(max_size=200))
def test_what_was_sealed_is_read_back(text):
    assert unseal(seal(text)) == text


def test_the_sealed_text_shows_nothing_and_is_another_one_each_time():
    assert "hunter2" not in seal("hunter2")
    assert seal("hunter2") != seal("hunter2")


@pytest.mark.parametrize("spoil", [lambda s: "x", lambda s: "gAAAA", lambda s: "ü", lambda s: s[:-4] + "AAA="])
def test_what_we_did_not_seal_is_refused(spoil):
    with pytest.raises(Unreadable, match="Type it again"):
        unseal(spoil(seal("hunter2")))


def test_an_old_key_opens_until_it_is_dropped(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    sealed = seal("hunter2")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    again = reseal(sealed)
    assert unseal(sealed) == "hunter2"
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(again) == "hunter2"
    with pytest.raises(Unreadable):
        unseal(sealed)


def grant(**fields):
    return OAuthGrant(name="Post", provider="google", account="post@desk.example", client_id="desk", **fields)


FORM = modelform_factory(OAuthGrant, fields=["name", "provider", "account", "client_id", "client_secret"])
TYPED = {"name": "Post", "provider": "google", "account": "post@desk.example", "client_id": "desk"}


@pytest.mark.django_db
def test_a_form_seals_what_is_typed_and_keeps_what_is_there():
    made = FORM({**TYPED, "client_secret": " hunter2 "}).save()
    assert unseal(made.client_secret) == " hunter2 "
    form = FORM({**TYPED, "client_secret": ""}, instance=made)
    assert form.changed_data == []
    assert unseal(form.save().client_secret) == " hunter2 "
    assert unseal(FORM({**TYPED, "client_secret": "new"}, instance=made).save().client_secret) == "new"


@pytest.mark.django_db
def test_neither_a_form_nor_a_dump_nor_repr_shows_it():
    made = FORM({**TYPED, "client_secret": "hunter2"}).save()
    page = str(FORM(instance=made))
    assert "stored; type to replace it" in page
    assert made.client_secret not in page
    assert "hunter2" not in page + repr(vars(made)) + serializers.serialize("json", [made])


@pytest.mark.django_db
def test_resealing_needs_the_former_keys_no_more(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    made = grant(client_secret=seal("hunter2"), refresh_token=seal("fresh"))
    made.save()
    lost = grant(client_secret="sealed by nobody")
    lost.name = "Lost"
    lost.save()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    out, err = io.StringIO(), io.StringIO()
    call_command("reseal", stdout=out, stderr=err)
    settings.SECRET_KEY_FALLBACKS = []
    made.refresh_from_db()
    assert (unseal(made.client_secret), unseal(made.refresh_token)) == ("hunter2", "fresh")
    assert "Lost" in err.getvalue()
    assert "client_secret cannot be read" in err.getvalue()
    lost.refresh_from_db()
    assert lost.client_secret == "sealed by nobody"
