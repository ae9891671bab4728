"""How mail programs introduce what they quote, in the languages we know. Words only; the rules are in `visible`."""

from __future__ import annotations

import re

_VERBS = (
    r"wrote|writes|schrieb|geschrieben|a écrit|ecrit|écrit|escribi[óo]|escrib[íi]a|ha scritto|scrisse|schreef"
    r"|geschreven"
    r"|napisał(?:\(a\)|a)?|pisze|skrev|har skrevet|escreveu|написала?|писал[аи]?|пишет|пише|написав|kirjoitti"
    r"|írta"
    r"|napsala?(?:\(a\))?|napísala?|yazdı|şunu yazdı|έγραψε|a scris|je napisa[ol]a?|napisala?|napisao|rašė|kirjutas"
    r"|rakstīja"
    r"|đã viết|viết|menulis|kirjoitta|skrifaði|va escriure|escribiu|escribeu|idatzi|sinulat|написа|напісаў|напиша"
    r"|је написа[оa]|כתב(?:ה)?|كتب|نوشت|ने लिखा|เขียน(?:ว่า)?"
)
VERB = re.compile(
    rf"(?<![\w-])(?:{_VERBS})(?![\w-])|写道|寫道|写到|のメール|님이 작성|작성:|さんは書きました|さんが書きました",
    re.IGNORECASE,
)
VERB_LAST = re.compile(
    rf"(?:(?<![\w-])(?:{_VERBS})|写道|寫道|写到|님이 작성|書きました)\s*(?:[:：]|-{{2,}}|\.{{3}}|)\s*\Z", re.IGNORECASE
)
SENT_LAST = re.compile(r"\bsent\s*[:：]\s*\Z", re.IGNORECASE)
# "Quoting Ana <a@example.com>:"
QUOTING = re.compile(
    r"(?:quoting|quote from|zitat von|zitiere|citando(?: a)?|citação de|citation de|citat från|cytat"
    r"|citaat van|missatge de)\b(?:[^:：]|(?<=\d):(?=\d)){1,120}[:：]\s*\Z",
    re.IGNORECASE,
)
# Nobody's mail program speaks of "I": these are the writer's own words.
SELF = re.compile(
    r"(?<![\w'])(?:i|we|ich|wir|je|j['’]ai|nous|yo|ik|wij|eu|nós|ja|jag|jeg|я|мы)\s+(?:have |habe |avons |heb |har )?"
    rf"(?:{_VERBS})(?!\w)",
    re.IGNORECASE,
)
# "---- On ... wrote ----", "---- John Smith wrote ----"
DASHED = re.compile(rf"-{{2,}}\s?[^\s-].{{1,200}}(?<![\w-])(?:{_VERBS})\s*-{{2,}}\s*\Z", re.IGNORECASE)
STARTER = re.compile(
    r"[\W_]{0,6}(?:on|at|am|le|el|il|op|den|em|a|w dniu|dnia|dne|dňa|in data|in het bericht|på|pe|kun|de|la|în"
    r"|ngày|"
    r"pada|vào|στις|в|на|во|v|sobota|em|no dia|el d[íi]a|tir|man|ons|tor|fre|lør|søn|"
    r"mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)\b"
    r"|\W{0,6}\d|\W{0,6}(?:在|於|בתאריך|في)",
    re.IGNORECASE,
)
DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[:.]\d\d(?!\d)|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
    r"|\d{1,2}\.? \w{3,12}\b|\w{3,9} \d{1,2}\b)"
)
DIGIT = re.compile(r"\d")
FULL_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)")
CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.]\d\d(?!\d)")
EMAIL = re.compile(r"[\w.+%'=/-]{1,80}@[\w.-]{2,120}")
DATED_NAME = re.compile(
    r"\W*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?: \d{1,2}:\d\d)?(?: (?:GMT|UTC)[+-]\d\d:\d\d)? \S", re.IGNORECASE
)

ORIGINAL = re.compile(
    r"[\s*>_=]*+-{2,}+\s*+\W{0,2}(?:original (?:message|appointment)|urspr(?:ü|ue)ngliche nachricht"
    r"|urspr\. nachricht"
    r"|mensaje original|message d['’]origine|message original|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|ursprungligt meddelande|originalmeddelande|oprindelig (?:meddelelse|besked)"
    r"|opprinnelig melding"
    r"|(?:wiadomość oryginalna|oryginalna wiadomość)|исходное сообщение|оригинал сообщения|вихідне повідомлення"
    r"|alkuperäinen viesti|původní (?:zpráva|e-mail)|pôvodná správa|eredeti üzenet|orijinal (?:mesaj|ileti)"
    r"|αρχικό μήνυμα|mesaj original|izvorna poruka|原始(?:邮件|郵件)|元のメッセージ|원본 메(?:시|세)지"
    r"|ข้อความต้นฉบับ|الرسالة الأصلية|הודעה מקורית|پیام اصلی|algne (?:kiri|sõnum)|sākotnējais ziņojums"
    r"|pradinis laiškas"
    r"|izvirno sporočilo|originalna poruka|originaln[aá] (?:zpráva|správa)|оригинално съобщение"
    r"|mensaxe orixinal|pesan asal"
    r"|reply message|antwort nachricht|ursprüngliche mail|tin nhắn gốc|pesan asli|missatge original)",
    re.IGNORECASE,
)
# What help desks ask people to write above, our own included.
REPLY_LINE = re.compile(
    r"[\s*>_=#–—-]{0,40}(?:(?:please )?(?:(?:type|write|enter) (?:your )?(?:reply|answer|response)"
    r"|reply) above this line"
    r"|(?:bitte )?(?:antworten sie |schreiben sie |antwort )?(?:ihre antwort )?(?:bitte )?"
    r"(?:über|oberhalb) dieser (?:zeile|linie)"
    r"|(?:veuillez )?(?:répondre|écrire|saisir votre réponse) au-dessus de cette ligne"
    r"|(?:por favor,? )?(?:responda|escriba su respuesta|responder) (?:por )?(?:encima"
    r"|arriba) de esta línea"
    r"|(?:por favor,? )?(?:responda|escreva|digite sua resposta) acima d?esta linha"
    r"|(?:rispondi|rispondere|scrivi) (?:al di )?sopra (?:a )?questa (?:riga|linea)"
    r"|(?:antwoord|typ uw antwoord|reageer) boven deze (?:regel|lijn))",
    re.IGNORECASE,
)
FORWARD = re.compile(
    r"[\s*>_=]*+(?:-{2,}+\s*+(?:forwarded|weitergeleitete nachricht|message transféré|message réexpédié"
    r"|messaggio inoltrato"
    r"|mensaje reenviado|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat|videresendt"
    r"|przekazana wiadomość"
    r"|wiadomość przekazana|пересылаемое сообщение|пересланное|переслане|välitetty viesti|přeposlaná zpráva"
    r"|továbbított|iletilen|转发(?:的)?邮件|轉寄|転送|전달된|preposlaná správa|mesaj redirec[țt]ionat|προωθημένο μήνυμα"
    r"|препратено|missatge reenviat|posredovano|proslijeđena|prosleđena|edastatud|pārsūtīt|persiųst|diteruskan"
    r"|pesan terusan|(?:thư|tin nhắn) (?:đã )?chuyển tiếp|ข้อความที่ส่งต่อ|الرسالة المعاد توجيهها|הודעה שהועברה)"
    r"|begin forwarded message\s*:|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)"
    r"|inizio messaggio inoltrato|inicio del mensaje reenviado|início da mensagem (?:re)?encaminhada"
    r"|begin doorgestuurd bericht|vidarebefordrat brev|videresendt meddelelse|начало (?:переадресованного"
    r"|пересылаемого)"
    r"|開始轉寄訊息|转发的邮件\s*[:：])",
    re.IGNORECASE,
)
_AUTHOR = (
    r"from|von|de|da|van|från|fra|od|от|від|lähettäjä|kimden|feladó|από|發件人|发件人|寄件者|差出人|보낸\s?사람|از|מאת|من"
    r"|expéditeur|mittente|remetente|remitente|odosielateľ|odesílatel|expeditor|šalje|dari|từ|avsändare"
    r"|afsender|de la|saatja|pošiljatelj|pošiljalac|pošiljatelj|寄件人|送件者|nuo|šalje|поша[љл]е|шаље|จาก|ผู้ส่ง"
    r"|प्रेषक|فرستنده"
)
_OTHERS = (
    r"sent|date|to|cc|bcc|subject|reply[ -]to|when|gesendet|datum|an|kopie|betreff|antwort an|envoyé(?: le)?"
    r"|à|objet|date d'envoi"
    r"|pour|copie à|sujet|répondre à|enviado(?: el)?|fecha|para|asunto|responder a|assunto|data"
    r"|enviada(?: em)?|cópia"
    r"|inviato|a|oggetto|risposta|rispondi a|verzonden|aan|onderwerp|beantwoorden|skickat|till|ämne|kopia"
    r"|sendt|til|emne|dato"
    r"|wysłano|wysłane|do|dw|temat|дата|кому|копия|тема|отправлено|отправленo|дата отправки|надіслано|lähetetty"
    r"|vastaanottaja|aihe|päivämäärä|odesláno|odoslané|komu|předmět|predmet|kopie|gönderilen|gönderme|kime"
    r"|konu|bilgi|tarih"
    r"|elküldve|címzett|tárgy|küldve|ημερομηνία|στάλθηκε|προς|θέμα|発送|發送日期|寄件日期|傳送日期|收件者|主旨|副本|发送时间|發送時間|日期|收件人"
    r"|抄送|主题|主題"
    r"|送信日時|日時|宛先|件名|보낸 날짜|받는 사람|제목|날짜|참조|trimis|către|subiect|datum odosielania|dikirim|kepada"
    r"|subjek|ngày|đến"
    r"|message du|per a|assumpte|saadetud|kellele|teema|nosūtīts|kam|tēma|tema|išsiųsta|zadeva|prejemnik"
    r"|příjemce|primatelj|naslov|poslano|za|prima"
    r"|изпратено|до|относно|послато|за|наслов|ถึง|วันที่|เรื่อง|ส่งเมื่อ|प्रति|विषय|दिनांक|भेजा|נשלח|تم الإرسال"
    r"|أرسلت|ارسال شده|گیرنده|موضوع"
    r"|tới|chủ đề|תאריך|אל|נושא|התאריך|تاريخ|إلى|الموضوع|importance|priority|attachments|priorität|wichtigkeit"
)
AUTHOR_FIELD = re.compile(rf"[\s*_>]{{0,6}}(?:{_AUTHOR})\s?\*{{0,2}}\s?[:：]\s?\*{{0,2}}", re.IGNORECASE)
FIELD = re.compile(rf"[\s*_>]{{0,6}}(?:{_AUTHOR}|{_OTHERS})\s?\*{{0,2}}\s?[:：]", re.IGNORECASE)

RULE = re.compile(r"\s*(?:ᐧ|[-_=*#~+—–]{2,}|[-_](?: ?[-_]){4,}|-{3,} ?[^\W\d_][\w '’.-]{3,40}? ?-{3,})\s*\Z")
QUOTED = re.compile(r"[ \t]{0,4}(?:>|&gt;)")
# "Ana> ", "| ": quoted where an introduction stands above; a prompt, a formula or a table elsewhere.
CITED = re.compile(r"[ \t]{0,4}(?:[A-Z]\w{0,15}>(?:\s|\Z)|\|)")
NAMED_VALUE = re.compile(r"[\s*_>]{0,6}[^\W\d_][^\W\d_ '.-]{0,24}(?: [^\W\d_]{1,12})?\s?\*{0,2}\s?[:：]\s?\*{0,2}\s?\S")
# "Fw: ", "WG: ": what comes next was written by somebody else, and is the point of the mail.
FORWARDED_SUBJECT = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|i|inoltra|vs|vb|fs|doorst|pd|yml|ilt|ipds|pt|továbbítva|пересл|转发|轉寄|転送|전달|הועבר|نقل)"
    r"\s?[:：]",
    re.IGNORECASE,
)
