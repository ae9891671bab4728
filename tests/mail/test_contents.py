import pytest

from tests.mail import post
from tickets.mail import contents
from tickets.mail.parse import parse
from tickets.models import Message


def with_html(html: str, plain: str = "plain words", subject: str = "Re: Printer") -> bytes:
    return (
        "From: Ana <ana@customers.example>\r\nTo: support@desk.example\r\n"
        f"Subject: {subject}\r\nMessage-ID: <1@customers.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
    ).encode()


def shown(mail: bytes) -> str:
    said = contents.read(parse(mail))
    text, position = "", 0
    for start, end in said.folded:
        text, position = text + said.body[position:start], end
    return (text + said.body[position:]).strip()


ANSWER = "<p>Yes, thanks!</p>"
FIELDS = "<b>Zz:</b> Desk<br><b>Qq:</b> today<br><b>Xx:</b> Ana"


class TestContainers:
    """What the mail programs of the world put around what they quote, in words that no pattern knows."""

    @pytest.mark.parametrize(
        "quote",
        [
            '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">Zz:<br></div>'
            '<blockquote class="gmail_quote">q</blockquote></div>',
            '<div class="gmail_extra"><br><div class="gmail_quote">Zz:<br><blockquote>q</blockquote></div></div>',
            '<div class="gmail_quote gmail_quote_container"><div>Zz:</div><div>q</div></div>',
            '<blockquote type="cite"><div>Zz:</div><div>q</div></blockquote>',
            '<div class="moz-cite-prefix">Zz:<br></div><blockquote type="cite" cite="mid:1">q</blockquote>',
            '<div class="moz-cite-prefix">Zz:<br></div><pre>q</pre>',
            '<div class="yahoo_quoted" id="yahoo_quoted_12"><div>Zz:</div><div>q</div></div>',
            '<div class="ydp1yahoo_quoted"><div>Zz:</div><div>q</div></div>',
            '<div class="protonmail_quote">Zz:<br><blockquote type="cite">q</blockquote></div>',
            '<div class="zmail_extra"><div>Zz:</div><blockquote>q</blockquote></div>',
            '<blockquote class="tutanota_quote">q</blockquote>',
            f'<span id="OLK_SRC_BODY_SECTION"><div>{FIELDS}</div><div>q</div></span>',
            f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{FIELDS}</div><div>q</div>',
            f'<hr id="stopSpelling">{FIELDS}<br><br>q',
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p>'
            f"{FIELDS}</p></div><p>q</p>",
            '<div style="padding: 3pt 0cm 0cm; border-style: solid none none; border-top: 1pt solid">'
            f"{FIELDS}</div><p>q</p>",
            '<div name="quote" style="margin:10px 5px"><div>Zz:</div><div>q</div></div>',
            '<p id="reply-intro">Zz:</p><blockquote type="cite">q</blockquote>',
            f'<div class="ms-outlook-mobile-reference-message"><hr>{FIELDS}<div>q</div></div>',
        ],
    )
    def test_are_folded(self, quote):
        assert shown(with_html(f"<div>{ANSWER}</div>{quote}")) == "Yes, thanks!"

    @pytest.mark.parametrize(
        "signature",
        [
            '<div class="gmail_signature">Ana has a long sentence here.<br>And it ends with another one.</div>',
            '<span class="gmail_signature_prefix">--</span><br><div class="gmail_signature">Ana</div>',
            '<div class="moz-signature">--<br>Ana</div>',
            '<div id="Signature"><p>Ana has a long sentence here, too.</p></div>',
            '<div id="ms-outlook-mobile-signature">Zz Outlook</div>',
            '<div class="protonmail_signature_block">Zz Proton</div>',
        ],
    )
    @pytest.mark.parametrize("quote", ["", '<div class="gmail_quote">Zz:<blockquote>q</blockquote></div>'])
    def test_of_signatures_are_folded(self, signature, quote):
        assert shown(with_html(ANSWER + signature + quote)) == "Yes, thanks!"

    def test_answers_between_the_quotes_are_shown_with_them(self):
        html = (
            '<div class="gmail_quote"><div class="gmail_attr">Zz:</div>'
            '<blockquote class="gmail_quote">One?</blockquote><div>Yes.</div>'
            '<blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div>'
        )
        assert shown(with_html(html)).split("\n\n") == ["Zz:", "> One?", "Yes.", "> Two?", "No."]

    def test_a_forwarded_mail_is_shown(self):
        header = "---------- Forwarded message ---------<br>From: Bob<br>Date: today<br>Subject: x<br>To: Ana<br><br>"
        forwarded = f'<div class="gmail_quote">{header}The printer burns.</div>'
        assert "The printer burns." in shown(with_html(f"<p>Look:</p>{forwarded}"))
        assert shown(with_html(forwarded)) == "The printer burns."
        outlook = f"<p>Look:</p><div id=divRplyFwdMsg>{FIELDS}</div><p>It burns.</p>"
        assert "It burns." in shown(with_html(outlook, subject="FW: Printer"))

    def test_what_the_writer_quotes_himself_is_part_of_the_text(self):
        text = shown(with_html('<p>The book says</p><blockquote class="gmail_quote">Do not panic.</blockquote>'))
        assert "> Do not panic." in text

    def test_a_line_in_a_newsletter_is_no_quote(self):
        line = '<div style="border-top: 1px solid #ccc; padding: 3pt 0">'
        assert "Part two" in shown(with_html(f"<p>Part one</p>{line}Part two</div>"))


class TestWhichText:
    def test_the_html_has_it(self):
        assert shown(with_html("<p>html words</p>")) == "html words"

    @pytest.mark.parametrize("html", ["<p></p>", "<img src=x>", "<div>" * 1_000 + "deep"])
    def test_without_readable_html_the_plain_text(self, html):
        assert shown(with_html(html)) == "plain words"

    def test_signs_that_nobody_sees_do_not_shift_the_ranges(self):
        hidden = "\ufeff\u202e\u2066" * 20
        html = f'<p>{hidden}Yes, {hidden}thanks!</p><div class="yahoo_quoted">Zz:<div>q{hidden}</div></div>'
        assert shown(with_html(html)) == "Yes, thanks!"


@pytest.mark.django_db
class TestLearnedSignature:
    SIGNATURE = "\r\n\r\nTomás H.\r\nHead of Things\r\nRoom 12"

    def test_what_two_earlier_mails_ended_with_is_folded(self, mailbox):
        for text in ("The printer burns.", "It still burns.", "It is gone."):
            message = post.arrive(post.raw(body=text + self.SIGNATURE)).message
        (start, end), *_ = message.folded
        assert message.body[:start].strip() == "It is gone."
        assert message.body[start:end].split() == self.SIGNATURE.split()
        assert [m.folded for m in Message.objects.order_by("id")][:2] == [[], []]

    def test_of_other_people_nothing_is_learned(self, mailbox):
        for name in "abc":
            message = post.arrive(post.raw(sender=f"{name}@x.example", body=f"Hello.{self.SIGNATURE}")).message
        assert message.folded == []

    def test_it_takes_one_query(self, mailbox, django_assert_num_queries):
        rows = [post.arrive(post.raw(body=f"Printer {n} burns.{self.SIGNATURE}")) for n in range(3)]
        sender, mail = rows[0].ticket.requester, parse(post.raw(body=f"Once more.{self.SIGNATURE}"))
        with django_assert_num_queries(1):
            assert contents.read(mail, sender).folded
        with django_assert_num_queries(0):
            contents.read(parse(post.raw(body="It works.")), sender)
