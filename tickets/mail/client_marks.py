"""How mail programs mark what they quote in the HTML they write: by class, id, name or style."""

from __future__ import annotations

import re

from tickets.mail.lines import Kind

# Outlook on the web writes x_ before the names of what it quotes.
_CLASSES = {
    Kind.QUOTE: re.compile(
        r"(?:x_)?(?:gmail_quote(?:_container)?|\w*yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|wmQuote"
        r"|ms-outlook-mobile-reference-message|OutlookMessageHeader|front-blockquote|mail_quote|sh-quoted\w*)\Z"
    ),
    Kind.INTRO: re.compile(r"(?:x_)?(?:gmail_attr|moz-cite-prefix|reply-intro)\Z"),
    Kind.SIGNATURE: re.compile(
        r"(?:x_)?(?:gmail_signature(?:_prefix)?|moz-signature|moz-txt-sig|protonmail_signature_block(?:-\w+)?"
        r"|ms-outlook-mobile-signature|zmail_signature|tutanota_signature|email-signature)\Z"
    ),
}
_IDS = {
    Kind.QUOTE: re.compile(
        r"(?:x_)?(?:OLK_SRC_BODY_SECTION|yahoo_quoted\w*|isReplyContent|mail-editor-reference-message-container"
        r"|Zm-_Id_-Sgn1-quote|3D?QUOTE)\Z"
    ),
    Kind.REST: re.compile(r"(?:x_)?(?:divRplyFwdMsg|stopSpelling)\Z"),
    Kind.INTRO: re.compile(r"(?:x_)?reply-intro\Z"),
    Kind.SIGNATURE: re.compile(
        r"(?:x_)?(?:Signature|ms-outlook-mobile-signature|AppleMailSignature|composer_signature)\Z"
    ),
}
# Outlook's line above From/Sent/To/Subject, in its own words and as browsers rewrite them.
_BORDER = re.compile(
    r"border-top:\s*(?:solid\s+#?\w+\s+1\.0pt|(?:1pt|1\.0pt|1px)\s+solid\s)[^:]*|border-style:\s*solid none none"
)
_INSET = re.compile(r"padding:\s*3(?:\.0)?pt\s+0")


def kind_of(tag: str, name: str, value: str) -> Kind | None:
    """What attribute `name` with that value says of its element, if anything."""
    if name == "class":
        if tag == "blockquote":  # Gmail's own quote button, if no container of a reply is around it
            return Kind.OWN if value == "gmail_quote" else None
        return _named(_CLASSES, value.split())
    if name == "id":
        return _named(_IDS, [value])
    if name == "name" and value == "quote":  # GMX, WEB.DE
        return Kind.QUOTE
    if name == "style" and tag == "div" and _BORDER.search(value) and _INSET.search(value):
        return Kind.REST
    return None


def _named(names: dict[Kind, re.Pattern[str]], values: list[str]) -> Kind | None:
    return next((kind for value in values[:20] for kind, pattern in names.items() if pattern.match(value)), None)
