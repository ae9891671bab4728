import pytest

from tickets.mail.signatures import Writer
from tickets.mail.visible import fold, visible_text


def shown(text, **known):
    ranges = fold(text, writer=Writer(**known))
    return "".join(text[start:end] for start, end, visible in ranges if visible).strip()


@pytest.mark.parametrize(
    "end",
    [
        "-- \nAna Costa\nExample Ltd",
        "--\nAna",
        "-- \n" + "line\n" * 15,
        "-Ana Costa",
        "____\nusers mailing list\nusers@lists.example.org",
        "---\nAna Costa\nana@example.com",
        "—————\nAna Costa\nProduct Manager\n+49 123 4567890",
        "Regards,\n\nAna Costa\nCEO @ Example",
        "Mit freundlichen Grüßen\n\nAna Costa\nBeispiel GmbH\nTel. 0123 456789",
        "Cordialement,\nAna Costa\nwww.example.com",
        "С уважением,\nАна Коста\nООО Пример",
        "-- \nAna\n\nSent from my iPhone",
        "Virus-free. www.avast.com",
        "This email has been checked for viruses by Some antivirus software.",
        "Best,\nAna Costa\nExample\n\nThis e-mail and its attachments are confidential.\n"
        "If you got it by mistake, please delete it and tell us so at once, by phone or by mail.",
    ],
)
def test_folded(end):
    assert visible_text(f"It works.\n\n{end}\n") == "It works."


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from my Galaxy S25 Ultra",
        "Sent from Outlook for Android<https://aka.ms/x>",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Sent from my cell, please excuse any typos.",
        "Von meinem iPhone gesendet",
        "Gesendet von Outlook für iOS",
        "Diese Nachricht wurde von meinem Telefon gesendet.",
        "Envoyé de mon iPhone",
        "Télécharger Outlook pour Android<https://aka.ms/x>",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "Надіслано з iPhone",
        "Odesláno z iPhonu",
        "Odoslané z iPhonu",
        "iPhone'umdan gönderildi",
        "Στάλθηκε από το iPhone μου",
        "Trimis de pe iPhone-ul meu",
        "iPhoneから送信",
        "发自我的iPhone",
        "從我的 iPhone 傳送",
        "나의 iPhone에서 보냄",
        "נשלח מה-iPhone שלי",
        "Послато са мог iPhone уређаја",
        "Poslano s mog iPhonea",
        "Enviat des del meu iPhone",
        "Được gửi từ iPhone của tôi",
        "Dikirim dari iPhone saya",
        "Изпратено от моя iPhone",
        "تم الإرسال من الـ iPhone",
        "ส่งจาก iPhone ของฉัน",
    ],
)
def test_what_devices_add(line):
    assert visible_text(f"It works.\n\n{line}\n") == "It works."


@pytest.mark.parametrize(
    "end",
    [
        "Thanks,\nAna",
        "Best regards\n\nAna Costa",
        "—Ana",
        "Sent from my desk, is much easier then my mobile phone.",
        "This message was sent to everybody, so I ask you.",
        "We tried:\n- reboot\n-update",
        "Thanks\n\nPlease call me back today.\nMy number is 0123 456789.",
        "-- first point\n-- second point",
        "____\nGood morning;",
        "____\nI have one more question for you: does it print?",
    ],
)
def test_shown(end):
    text = f"It works.\n\n{end}"
    assert visible_text(text) == text


def test_a_last_paragraph_under_the_writers_own_name():
    text = "It works.\n\nAna Costa\nana@example.com\n(555) 346-9947"
    assert shown(text, name="Ana Costa") == "It works."
    assert shown(text, name="Bob") == text


SIGNED = "Ana\nHead of Things\nRoom 12"


def test_what_two_earlier_mails_ended_with_as_well():
    earlier = [f"The printer burns.\n\n{SIGNED}", f"Still burning!\n\n{SIGNED}\n\nOn Monday you wrote:\n> Hm?"]
    assert shown(f"It works.\n\n{SIGNED}", earlier=lambda: earlier) == "It works."
    assert shown(f"It works.\n\n{SIGNED}", earlier=lambda: earlier[:1]) == f"It works.\n\n{SIGNED}"


def test_a_question_is_no_signature_however_often_it_is_asked():
    text = "Hello again.\n\nAny news?\nAna"
    assert shown(text, earlier=lambda: [text] * 5) == text


def test_earlier_mails_are_only_asked_for_when_it_matters():
    def never():
        raise AssertionError("looked up for nothing")

    for text in ("Yes.", "It works.\n\n-- \nAna", "This is one long sentence of mine.\nAnd this is another of mine."):
        shown(text, earlier=never)
