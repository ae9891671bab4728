"""Folding. What other projects expect of it is measured in test_corpora_replies."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.lines import Kind, Mark
from tickets.mail.parse import parse
from tickets.mail.signatures import Writer
from tickets.mail.visible import fold, visible_text

INTRO = "On 1 Jan 2026, Ana <a@example.com> wrote:\n"
PIECES = st.sampled_from(
    [INTRO, "> quoted\n", "text\n", "\n", "-- \n", "From: a@example.com\n", "Sent: today\n", "To: b\n", "Regards,\n",
     "-----Original Message-----\n", "Sent from my phone\n", ">", "\r\n", "---------- Forwarded message ------\n",
     "____\n", "Ana\n", "-Ana\n", "Subject: x\n", "Ana> x\n", "This is a whole sentence of a person.\n"]
)  # fmt: skip
WORDS = st.text(st.characters(categories=("Ll",), max_codepoint=0x24F), min_size=2, max_size=9)
SENTENCE = st.lists(WORDS, min_size=5, max_size=9).map(lambda words: " ".join(words).capitalize() + ".")


def shown(text, **known):
    return "".join(text[start:end] for start, end, visible in fold(text, **known) if visible).strip()


def covers(text, ranges):
    joined = "".join(text[start:end] for start, end, _ in ranges)
    return joined == text and all(a[1] == b[0] and a[2] != b[2] for a, b in itertools.pairwise(ranges))


class TestPromises:
    @given(st.lists(PIECES | st.text(max_size=20), max_size=25).map("".join), st.booleans())
    @settings(max_examples=400, deadline=None)
    def test_nothing_is_lost_and_something_is_shown(self, text, forwarded):
        assert covers(
            text, fold(text, subject="Fwd: x" if forwarded else "x", writer=Writer("Ana", lambda: [text] * 3))
        )
        assert bool(visible_text(text)) == bool(text.strip())

    @given(
        st.lists(PIECES, max_size=25).map("".join),
        st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 400), st.integers(0, 400)), max_size=5),
    )
    @settings(max_examples=300, deadline=None)
    def test_nothing_is_lost_whatever_the_html_was_marked_with(self, text, found):
        marks = [Mark(kind, min(a, b), max(a, b)) for kind, a, b in found]
        assert covers(text, fold(text, marks=marks))
        assert bool(shown(text, marks=marks)) == bool(text.strip())

    @given(st.lists(SENTENCE, min_size=2, max_size=5), st.lists(SENTENCE, min_size=1, max_size=4), st.booleans())
    @settings(max_examples=200, deadline=None)
    def test_what_is_written_between_quotes_is_shown(self, answers, questions, introduced):
        quoted = "".join(f"> {question}\n" for question in questions)
        text = (INTRO if introduced else "Hello there.\n") + "\n".join(f"{quoted}\n{answer}\n" for answer in answers)
        assert all(answer in visible_text(text) for answer in answers)
        assert visible_text(text).count("> ") == len(questions) * len(answers) + introduced

    @given(st.lists(SENTENCE, min_size=1, max_size=5), st.lists(SENTENCE, min_size=1, max_size=5))
    @settings(max_examples=100, deadline=None)
    def test_a_comment_on_a_forwarded_mail_and_the_mail_are_shown(self, comment, mail):
        header = "---------- Forwarded message ---------\nFrom: a@example.com\nDate: today\nSubject: x\nTo: b\n\n"
        text = "\n".join(comment) + "\n\n" + header + "\n".join(mail)
        assert visible_text(text) == text

    @given(st.lists(SENTENCE, min_size=1, max_size=6), st.lists(SENTENCE, min_size=1, max_size=6))
    @settings(max_examples=100, deadline=None)
    def test_a_reply_on_top_is_all_that_is_shown(self, reply, quote):
        text = "\n".join(reply) + "\n\n" + INTRO + "".join(f"> {line}\n" for line in quote)
        assert visible_text(text) == "\n".join(reply)


class TestIntroductions:
    @pytest.mark.parametrize("below", ["> Did it help?\n", "Did it help?\n\nDesk\n"])
    @pytest.mark.parametrize(
        "intro",
        [
            "On Tue, Mar 3, 2026 at 10:15 AM Desk <d@desk.example> wrote:",
            "On 3 Mar 2026, at 10:15, Desk <d@desk.example> wrote:",
            "On 2026-03-03 10:15, Desk wrote:",
            "On Tuesday, March 3, 2026 at 10:15:32 AM GMT+1, Desk <d@desk.example> wrote:",
            "On 03/03/2026 10:15, Desk wrote:",
            "Am 03.03.2026 um 10:15 schrieb Desk:",
            "Am Di., 3. März 2026 um 10:15 Uhr schrieb Desk <d@desk.example>:",
            'Am 03.03.2026 10:15 schrieb "Desk" <d@desk.example>:',
            "Desk <d@desk.example> schrieb am Di., 3. März 2026, 10:15:",
            "Le mar. 3 mars 2026 à 10:15, Desk <d@desk.example> a écrit :",
            "Le 03/03/2026 à 10:15, Desk a écrit :",
            "El mar, 3 mar 2026 a las 10:15, Desk (<d@desk.example>) escribió:",
            "El 03/03/2026 a las 10:15, Desk escribió:",
            "Il giorno mar 3 mar 2026 alle ore 10:15 Desk <d@desk.example> ha scritto:",
            "Il 03/03/2026 10:15, Desk ha scritto:",
            "Em ter., 3 de mar. de 2026 às 10:15, Desk <d@desk.example> escreveu:",
            "Em 03/03/2026 10:15, Desk escreveu:",
            "A terça, 3 de mar. de 2026, 10:15, Desk <d@desk.example> escreveu:",
            "Op di 3 mrt 2026 om 10:15 schreef Desk <d@desk.example>:",
            "Op 03-03-2026 om 10:15 schreef Desk:",
            "Op 3 mrt. 2026, om 10:15 heeft Desk <d@desk.example> het volgende geschreven:",
            "Den tis 3 mars 2026 kl 10:15 skrev Desk <d@desk.example>:",
            "Den 2026-03-03 kl. 10:15, skrev Desk:",
            "3 mars 2026 kl. 10:15 skrev Desk <d@desk.example>:",
            "tir. 3. mar. 2026 kl. 10:15 skrev Desk <d@desk.example>:",
            "Den tir. 3. mar. 2026 kl. 10.15 skrev Desk <d@desk.example>:",
            "ti 3. maalisk. 2026 klo 10.15 Desk (d@desk.example) kirjoitti:",
            "Desk kirjoitti 3.3.2026 klo 10.15:",
            "wt., 3 mar 2026 o 10:15 Desk <d@desk.example> napisał(a):",
            "W dniu 3.03.2026 o 10:15, Desk pisze:",
            "út 3. 3. 2026 v 10:15 odesílatel Desk <d@desk.example> napsal:",
            "Dne 03. 03. 26 v 10:15 Desk napsal(a):",
            "ut 3. 3. 2026 o 10:15 Desk <d@desk.example> napísal(a):",
            "Desk <d@desk.example> ezt írta (időpont: 2026. márc. 3., K, 10:15):",
            "2026. 03. 03. 10:15 keltezéssel, Desk írta:",
            "În mar., 3 mar. 2026 la 10:15, Desk <d@desk.example> a scris:",
            "Pe 03.03.2026 10:15, Desk a scris:",
            "вт, 3 мар. 2026 г. в 10:15, Desk <d@desk.example>:",
            "03.03.2026 10:15, Desk пишет:",
            "3 марта 2026 г., в 10:15, Desk <d@desk.example> написал(а):",
            "вівт, 3 бер. 2026 р. о 10:15 Desk <d@desk.example> пише:",
            "На вт, 3.03.2026 г. в 10:15 Desk <d@desk.example> написа:",
            "Στις Τρί 3 Μαρ 2026 στις 10:15 π.μ., ο χρήστης Desk <d@desk.example> έγραψε:",
            "Desk <d@desk.example>, 3 Mar 2026 Sal, 10:15 tarihinde şunu yazdı:",
            "03.03.2026 10:15 tarihinde Desk yazdı:",
            "2026年3月3日(火) 10:15 Desk <d@desk.example>:",
            "2026/03/03 10:15、Desk <d@desk.example>のメール:",
            "Desk <d@desk.example> 于2026年3月3日周二 10:15写道：",
            "Desk <d@desk.example> 於 2026年3月3日 週二 上午10:15寫道：",
            "在 2026年3月3日，10:15，Desk <d@desk.example> 写道：",
            "2026년 3월 3일 (화) 오전 10:15, Desk <d@desk.example>님이 작성:",
            "Vào Th 3, 3 thg 3, 2026 vào lúc 10:15 Desk <d@desk.example> đã viết:",
            "Pada tanggal Sel, 3 Mar 2026 pukul 10.15 Desk <d@desk.example> menulis:",
            "El dt., 3 de març 2026, 10:15, Desk <d@desk.example> va escriure:",
            "בתאריך יום ג׳, 3 במרץ 2026 ב-10:15 מאת Desk <d@desk.example>:",
            "في الثلاثاء، 3 مارس 2026 في 10:15 ص كتب Desk <d@desk.example>:",
            "เมื่อ อ. 3 มี.ค. 2026 เวลา 10:15 Desk <d@desk.example> เขียนว่า:",
            "Dana uto, 3. ožu 2026. u 10:15 Desk <d@desk.example> napisao je:",
            "V V tor., 3. mar. 2026 ob 10:15 je oseba Desk <d@desk.example> napisala:",
            "уто, 3. мар 2026. у 10:15 Desk <d@desk.example> је написао/ла:",
            "Kuupäev T, 3. märts 2026 kell 10:15 kirjutas kasutaja Desk (<d@desk.example>):",
            "2026-03-03, an, 10:15 Desk <d@desk.example> rašė:",
            "otrd., 2026. g. 3. marts, plkst. 10:15 — lietotājs Desk (<d@desk.example>) rakstīja:",
            "mið., 3. mar. 2026 kl. 10:15 skrifaði Desk <d@desk.example>:",
            "---- On Tue, 03 Mar 2026 10:15:00 +0100 Desk <d@desk.example> wrote ----",
            "Quoting Desk <d@desk.example>:",
            "Desk <d@desk.example> writes:",
            "Zitat von Desk <d@desk.example>:",
            "Citando Desk <d@desk.example>:",
            '3 March 2026 10:15, "Desk" <d@desk.example> wrote:',
            '"Desk" <d@desk.example> wrote on 03/03/2026 10:15:32 AM:',
        ],
    )
    def test_lines_that_say_who_wrote(self, intro, below):
        assert visible_text(f"Yes, thanks!\n\n{intro}\n\n{below}") == "Yes, thanks!"

    @pytest.mark.parametrize(
        "intro",
        [
            "On Tue, Mar 3, 2026 at 10:15 AM Desk with a long name <\nd@desk.example> wrote:",
            "On Tue, Mar 3, 2026 at 10:15 AM\nDesk\n<d@desk.example>\nwrote:",
            "Le mar. 3 mars 2026 à 10:15, Desk <d@desk.example>\na écrit :",
            "W dniu 3 marca 2026 10:15 użytkownik Desk <d@desk.example>\nnapisał:",
            "Desk <\nd@desk.example> schrieb am Di., 3. März 2026, 10:15:",
            "Kuupäev T, 3. märts 2026 kell 10:15 kirjutas kasutaja Desk\n(<d@desk.example>):",
            "> On 3 Mar 2026, at 10:15, Desk <d@desk.example> wrote:\n>",
        ],
    )
    def test_broken_over_lines(self, intro):
        assert visible_text(f"Yes, thanks!\n\n{intro}\n\n> Did it help?\n") == "Yes, thanks!"

    def test_in_a_language_nobody_thought_of_above_a_quote(self):
        assert visible_text("Yes!\n\nZzz 3.3.2026 10:15 Desk <d@desk.example> qqq:\n> Did it help?\n") == "Yes!"

    @pytest.mark.parametrize(
        "header",
        [
            "From: Desk <d@desk.example>|Sent: Tuesday, March 3, 2026 10:15 AM|To: Ana|Subject: Printer",
            "Von: Desk <d@desk.example>|Gesendet: Dienstag, 3. März 2026 10:15|An: Ana|Betreff: Drucker",
            "De : Desk <d@desk.example>|Envoyé : mardi 3 mars 2026 10:15|À : Ana|Objet : Imprimante",
            "De: Desk <d@desk.example>|Enviado el: martes, 3 de marzo de 2026 10:15|Para: Ana|Asunto: Impresora",
            "De: Desk <d@desk.example>|Enviada em: terça-feira, 3 de março de 2026 10:15|Para: Ana|Assunto: Impressora",
            "Da: Desk <d@desk.example>|Inviato: martedì 3 marzo 2026 10:15|A: Ana|Oggetto: Stampante",
            "Van: Desk <d@desk.example>|Verzonden: dinsdag 3 maart 2026 10:15|Aan: Ana|Onderwerp: Printer",
            "Från: Desk <d@desk.example>|Skickat: den 3 mars 2026 10:15|Till: Ana|Ämne: Skrivare",
            "Fra: Desk <d@desk.example>|Sendt: 3. marts 2026 10:15|Til: Ana|Emne: Printer",
            "Lähettäjä: Desk <d@desk.example>|Lähetetty: 3. maaliskuuta 2026 10.15|Vastaanottaja: Ana|Aihe: Tulostin",
            "Od: Desk <d@desk.example>|Wysłano: wtorek, 3 marca 2026 10:15|Do: Ana|Temat: Drukarka",
            "Od: Desk <d@desk.example>|Odesláno: úterý 3. března 2026 10:15|Komu: Ana|Předmět: Tiskárna",
            "Od: Desk <d@desk.example>|Odoslané: utorok 3. marca 2026 10:15|Komu: Ana|Predmet: Tlačiareň",
            "Feladó: Desk <d@desk.example>|Elküldve: 2026. március 3., kedd 10:15|Címzett: Ana|Tárgy: Nyomtató",
            "De la: Desk <d@desk.example>|Trimis: marți, 3 martie 2026 10:15|Către: Ana|Subiect: Imprimantă",
            "От: Desk <d@desk.example>|Отправлено: 3 марта 2026 г. 10:15|Кому: Ana|Тема: Принтер",
            "Від: Desk <d@desk.example>|Надіслано: 3 березня 2026 р. 10:15|Кому: Ana|Тема: Принтер",
            "От: Desk <d@desk.example>|Изпратено: вторник, 3 март 2026 г. 10:15|До: Ana|Относно: Принтер",
            "Από: Desk <d@desk.example>|Στάλθηκε: Τρίτη, 3 Μαρτίου 2026 10:15|Προς: Ana|Θέμα: Εκτυπωτής",
            "Kimden: Desk <d@desk.example>|Gönderildi: 3 Mart 2026 Salı 10:15|Kime: Ana|Konu: Yazıcı",
            "Pošiljatelj: Desk <d@desk.example>|Poslano: 3. ožujka 2026. 10:15|Prima: Ana|Predmet: Pisač",
            "差出人: Desk <d@desk.example>|送信日時: 2026年3月3日 10:15|宛先: Ana|件名: プリンター",
            "发件人: Desk <d@desk.example>|发送时间: 2026年3月3日 10:15|收件人: Ana|主题: 打印机",
            "寄件者: Desk <d@desk.example>|寄件日期: 2026年3月3日 10:15|收件者: Ana|主旨: 印表機",
            "보낸 사람: Desk <d@desk.example>|보낸 날짜: 2026년 3월 3일 10:15|받는 사람: Ana|제목: 프린터",
            "מאת: Desk <d@desk.example>|נשלח: יום שלישי 3 מרץ 2026 10:15|אל: Ana|נושא: מדפסת",
            "من: Desk <d@desk.example>|تم الإرسال: الثلاثاء 3 مارس 2026 10:15|إلى: Ana|الموضوع: طابعة",
            "Từ: Desk <d@desk.example>|Đã gửi: Thứ Ba 3 Tháng Ba 2026 10:15|Đến: Ana|Chủ đề: Máy in",
            "Dari: Desk <d@desk.example>|Dikirim: Selasa 03 Maret 2026 10:15|Kepada: Ana|Subjek: Printer",
            "จาก: Desk <d@desk.example>|ส่ง: 3 มีนาคม 2569 10:15|ถึง: Ana|เรื่อง: เครื่องพิมพ์",
            "*From:* Desk <d@desk.example>|*Date:* 2026-03-03|*To:* Ana|*Subject:* Printer",
            "**From:** Desk <d@desk.example>|**Sent:** Tuesday|**To:** Ana|**Subject:** Printer",
        ],
    )
    def test_blocks_of_fields(self, header):
        text = "Yes, thanks!\n\n" + header.replace("|", "\n") + "\n\nDid it help?\n\nDesk\n"
        assert visible_text(text) == "Yes, thanks!"

    @pytest.mark.parametrize(
        "ruler",
        ["-----Original Message-----", "-----Ursprüngliche Nachricht-----", "-------- Message d'origine --------",
         "----- Mensaje original -----", "-----Messaggio originale-----", "-----Oorspronkelijk bericht-----",
         "-----Исходное сообщение-----", "-----Původní zpráva-----", "-----Eredeti üzenet-----", "-----原始邮件-----"],
    )  # fmt: skip
    def test_original_message(self, ruler):
        assert visible_text(f"Yes, thanks!\n\n{ruler}\n\nDid it help?\n") == "Yes, thanks!"

    @pytest.mark.parametrize("intro", ["Desk wrote:", "Desk a écrit :", "d@desk.example wrote on Tuesday:"])
    def test_somebody_wrote_is_enough_right_above_a_quote(self, intro):
        assert visible_text(f"Yes!\n\n{intro}\n> Did it help?\n") == "Yes!"
        assert visible_text(f"Yes!\n\n{intro}\n\nplease come.\n") == f"Yes!\n\n{intro}\n\nplease come."

    def test_what_the_writer_says_above_a_quote_is_shown(self):
        assert visible_text("Hello,\n\nlast week I wrote:\n> It burns.\n") == "Hello,\n\nlast week I wrote:"

    @pytest.mark.parametrize(
        "line",
        [
            "##- Please type your reply above this line -##",
            "--- Reply above this line ---",
            "Bitte antworten Sie oberhalb dieser Linie",
            "Veuillez répondre au-dessus de cette ligne",
        ],
    )
    def test_the_line_to_write_above(self, line):
        assert visible_text(f"Yes, thanks!\n\n{line}\n\nYour ticket was answered.\n") == "Yes, thanks!"

    def test_fields_with_blank_lines_between_them(self):
        header = "From: Desk <d@desk.example>\n\nSent: today\n\nTo: Ana\n\nSubject: Printer"
        assert visible_text(f"Yes, thanks!\n\n{header}\n\nDid it help?\n") == "Yes, thanks!"

    @pytest.mark.parametrize(
        "line",
        [
            "On 3 March I wrote to you:",
            "As I wrote to bob@example.com on 12 March 2026, the following fails:",
            "I wrote on 12 March to Bob <bob@example.com>",
            "On Monday 3 March 2026 we sent you the printer:",
            "My address is ana@example.com and I need this by 10:30 tomorrow:",
            "Please send the invoice of 3.3.2026 to ana@example.com.",
            "The log of 2026-03-03 10:15 says:",
            "Steps on 3 March:",
            "Am 3. März habe ich geschrieben:",
            "I sent the parcel on 3 March 2026 at 10:15:",
            "From: start To: end",
            "Call me at 10:15 on +49 123 456789:",
            "In the mail of 3 March 2026 Bob wrote that it works:",
            "Order 12345 was sent on 3 March 2026:",
            "On 3 March 2026 at 10:15 the server wrote to disk:",
            "Le 3 mars 2026 à 10:15 j'ai écrit :",
            "The error says: user@host wrote: permission denied",
            "Regards",
        ],
    )
    def test_sentences_that_look_alike_are_shown(self, line):
        text = f"Hello\n\n{line}\n\nThis fails every day.\nPlease help me."
        assert visible_text(text) == text


class TestShownWhole:
    @pytest.mark.parametrize(
        "text",
        [
            "On Monday I wrote you:\nplease call",
            "> only a quote",
            "Hello\n\n> first?\nyes\n> second?\nno",
            "-- \nAna",
            "From: the start it failed\nTo: the end",
            "See the table\n\n| a | b |\n| 1 | 2 |",
            "It says\n\nSQL> select * from cat",
            "Please send\n\n- paper\n- toner",
            "Key points\n----\n\n1. It is slow.\n\n----\n\nThese dashes separate paragraphs.",
        ],
    )
    def test_text_without_a_quote_above_or_below(self, text):
        assert visible_text(text) == text


class TestForwarded:
    HEADER = "---------- Forwarded message ---------\nFrom: a@example.com\nDate: today\nSubject: two\nlines\nTo: b\n"

    def test_of_a_mail_that_is_nothing_else_the_header_is_folded(self):
        text = f"{self.HEADER}\nThe printer burns."
        assert visible_text(text) == "The printer burns."

    @pytest.mark.parametrize("subject", ["Fwd: Printer", "WG: Drucker", "TR : Imprimante", "RV: Impresora"])
    def test_the_subject_tells_it_from_a_reply(self, subject):
        text = "FYI\n\nFrom: Ana\nSent: today\nTo: Bob\nSubject: Printer\n\nIt burns."
        assert shown(text, subject=subject) == text
        assert shown(text, subject="Re: Printer") == "FYI"


class TestAnswersBelow:
    def test_an_answer_below_the_quote_is_shown(self):
        assert visible_text(f"{INTRO}> Did it help?\n\nYes, it did.\n") == "Yes, it did."

    def test_who_is_quoted_stands_above_an_answer_between_the_lines(self):
        between = f"{INTRO}> One?\n\nYes.\n\n> Two?\n\nNo."
        assert visible_text(f"{between}\n\n-- \nAna") == between

    def test_a_quote_above_a_mere_greeting_is_folded(self):
        text = f"It works.\n\n{INTRO}> Did it help?\n\nRegards, Ana\n"
        assert visible_text(text).split("\n\n") == ["It works.", "\nRegards, Ana"]

    def test_what_was_never_answered_is_folded_at_the_end(self):
        assert (
            visible_text(f"Hi,\n{INTRO}> One?\nYes, that is it.\n> Two?\n") == f"Hi,\n{INTRO}> One?\nYes, that is it."
        )


def test_a_reply_mail(eml):
    assert visible_text(parse(eml("reply")).text) == "Yes, that helped!"
