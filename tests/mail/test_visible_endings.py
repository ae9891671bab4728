"""How mails end, and answers between the lines: what the endings of many programs and languages leave to be seen."""

from __future__ import annotations

import time

import pytest

from tickets.mail.visible import visible_text

SAID = "Thanks, it works now."
QUOTE = "On Tue, Mar 3, 2026 at 10:15 AM Desk <d@desk.example> wrote:\n\n> Did it help?\n> Ana\n"
FOOTERS = [
    "Holen Sie sich Outlook für iOS", "Download Outlook voor Android", "Powered by Cricket Wireless",
    "Yahoo Mail: Search, Organize, Conquer", "Sent from ProtonMail, encrypted email based in Switzerland.",
    "Küldve az iPhone-omról", "Outlook for Android をダウンロード", "获取 Outlook for iOS",
    "Pobierz aplikację Outlook dla systemu iOS", "Загрузить Outlook для iOS", "Hämta Outlook för iOS",
    "Sent from my T-Mobile 5G Device", "Sent using Zoho Mail", "Gesendet mit der GMX Mail App",
    "Envoyé depuis l'application Mail Orange", "נשלח מה-iPhone שלי", "أُرسلت من الـ iPhone",
]  # fmt: skip
DISCLAIMERS = [
    "This email and any attachments are confidential and intended solely for the addressee.",
    "The information contained in this email is confidential and may be legally privileged.",
    "IMPORTANT: The contents of this email and any attachments are confidential.",
    "If you are not the intended recipient, please notify the sender immediately and delete this email.",
    "If you have received this email in error, please tell us.",
    "Questo messaggio e i suoi allegati sono indirizzati esclusivamente alle persone indicate.",
    "De informatie in dit e-mailbericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.",
    "Denna e-post kan innehålla konfidentiell information.",
    "Tato zpráva je důvěrná a určena pouze adresátovi.",
    "Ez az e-mail bizalmas információt tartalmaz.",
    "Acest mesaj este confidențial.",
    "Bu e-posta gizli bilgiler içerebilir.",
    "Настоящее электронное письмо и любые вложения являются конфиденциальными.",
    "Це повідомлення призначене лише для адресата.",
]
CARDS = [
    "Ana Costa\nHead of IT\nExample GmbH\n+49 30 1234567\nana@example.com",
    "Ana Costa | Head of IT\nExample GmbH | www.example.com | +49 30 1234567",
    "Dr. Ana M. Costa, PhD\nUniversity of Example\n+351 21 123 45 67\nhttps://example.com",
    "*Élodie Moreau*\nDirectrice\n01 23 45 67 89\nelodie@example.com",
]


@pytest.mark.parametrize("quote", ["", QUOTE])
@pytest.mark.parametrize("ending", [*FOOTERS, *DISCLAIMERS, *CARDS])
def test_endings_are_folded(ending, quote):
    assert visible_text(f"{SAID}\n\n{ending}\n\n{quote}") == SAID


@pytest.mark.parametrize(
    "text",
    [
        "Please use these for the delivery:\n\nAna Costa\n1 Example Street\n+49 30 1234567\nana@example.com",
        "Ana Costa\n+49 30 1234567\nana@example.com",
        "Our visitors today.\n\nAna Costa called. Her number is +49 30 1234567.\nWrite to ana@example.com.",
        "It ends so.\n\nthe log says\n+49 30 1234567 and 030 7654321\nnothing else",
        "I was not sure.\n\nThis message was meant for Bob, sorry.",
        "Load Outlook for me, please.",
        "Outlook fails.\n\nDownload Outlook again?",
    ],
)
def test_what_is_the_matter_itself_stays(text):
    assert visible_text(text) == text


@pytest.mark.parametrize("greeting", ["", "Hi,\n", "Hallo Ana,\n\n", "Bonjour,\n"])
def test_an_answer_between_the_lines_keeps_who_is_quoted(greeting):
    text = f"{greeting}{QUOTE}\nYes, it did.\n\n> And the other one?\n\nThat one is fine, too."
    assert visible_text(text) == text


def test_below_own_words_the_line_that_names_the_quoted_is_folded():
    shown = visible_text(f"Both work now, see below.\n\n{QUOTE}\nYes, it did.\n\n> And the other?\n\nFine, too.")
    assert shown.startswith("Both work now")
    assert "wrote:" not in shown
    assert "Did it help?" in shown


@pytest.mark.parametrize("piece", ["A" * 40, "A ", "Ana Costa | ", "If you are not ", "+49 30 ", "quoting 1:1"])
def test_endings_take_linear_time(piece):
    text = "It works.\n\n" + piece * (400_000 // len(piece)) + "\n" + (piece * 3 + "\n") * 8
    begin = time.perf_counter()
    visible_text(text)
    assert time.perf_counter() - begin < 1
