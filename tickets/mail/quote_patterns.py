"""How mail programs introduce what they quote, in the languages we know. Words only; the rules are in `visible`."""

from __future__ import annotations

import re

_VERBS = (
    r"wrote|writes|schrieb|geschrieben|a écrit|ecrit|écrit|escribi[óo]|escrib[íi]a|ha scritto|scrisse|schreef"
    r"|geschreven"
    r"|napisał(?:\(a\)|a)?|pisze|skrev|har skrevet|escreveu|написала?|писал[аи]?|пишет|пише|написав|kirjoitti"
    r"|írta"
    r"|napsala?(?:\(a\))?|napísala?|yazdı|şunu yazdı|έγραψε|a scris|je napisa[ol]a?|napisao|rašė|kirjutas"
    r"|rakstīja"
    r"|viết|menulis|kirjoitta|skrifaði|va escriure|escribeu|написа|כתב(?:ה)?|كتب"
)
VERB = re.compile(rf"(?<![\w-])(?:{_VERBS})(?![\w-])|写道|寫道|写到|のメール|님이 작성|작성:", re.IGNORECASE)
VERB_LAST = re.compile(
    rf"(?:(?<![\w-])(?:{_VERBS})|写道|寫道|写到|님이 작성)\s*(?:[:：]|-{{2,}}|\.{{3}}|)\s*\Z", re.IGNORECASE
)
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
FULL_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.]\d\d(?!\d)")
EMAIL = re.compile(r"[\w.+%'=/-]{1,80}@[\w.-]{2,120}")
DATED_NAME = re.compile(
    r"\W*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?: \d{1,2}:\d\d)?(?: (?:GMT|UTC)[+-]\d\d:\d\d)? \S", re.IGNORECASE
)

ORIGINAL = re.compile(
    r"[\s*>_=]*+-{2,}+\s*+\W{0,2}(?:original (?:message|appointment)|urspr(?:ü|ue)ngliche nachricht"
    r"|urspr\. nachricht"
    r"|mensaje original|message d['’]origine|message original|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|opprinnelig melding"
    r"|(?:wiadomość oryginalna|oryginalna wiadomość)|исходное сообщение|оригинал сообщения|вихідне повідомлення"
    r"|alkuperäinen viesti|původní (?:zpráva|e-mail)|pôvodná správa|eredeti üzenet|orijinal (?:mesaj|ileti)"
    r"|αρχικό μήνυμα|mesaj original|izvorna poruka|原始(?:邮件|郵件)|元のメッセージ|원본 메(?:시|세)지"
    r"|reply message|antwort nachricht|ursprüngliche mail|tin nhắn gốc|pesan asli|missatge original)",
    re.IGNORECASE,
)
FORWARD = re.compile(
    r"[\s*>_=]*+(?:-{2,}+\s*+(?:forwarded|weitergeleitete nachricht|message transféré|message réexpédié"
    r"|messaggio inoltrato"
    r"|mensaje reenviado|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat|videresendt"
    r"|przekazana wiadomość"
    r"|wiadomość przekazana|пересылаемое сообщение|пересланное|переслане|välitetty viesti|přeposlaná zpráva"
    r"|továbbított|iletilen|转发(?:的)?邮件|轉寄|転送|전달된)"
    r"|begin forwarded message\s*:|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)"
    r"|inizio messaggio inoltrato|inicio del mensaje reenviado|início da mensagem (?:re)?encaminhada)",
    re.IGNORECASE,
)
_AUTHOR = (
    r"from|von|de|da|van|från|fra|od|от|від|lähettäjä|kimden|feladó|από|發件人|发件人|寄件者|差出人|보낸\s?사람|از|מאת|من"
    r"|expéditeur|mittente|remetente|remitente|odosielateľ|odesílatel|expeditor|šalje|dari|từ|avsändare"
    r"|afsender"
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
    r"|elküldve|címzett|tárgy|küldve|ημερομηνία|στάλθηκε|προς|θέμα|発送|發送日期|发送时间|發送時間|日期|收件人|抄送|主题|主題"
    r"|送信日時|日時|宛先|件名|보낸 날짜|받는 사람|제목|날짜|참조|trimis|către|subiect|datum odosielania|dikirim|kepada"
    r"|subjek|ngày|đến"
    r"|tới|chủ đề|תאריך|אל|נושא|התאריך|تاريخ|إلى|الموضوع|importance|priority|attachments|priorität|wichtigkeit"
)
AUTHOR_FIELD = re.compile(rf"[\s*_>]{{0,6}}(?:{_AUTHOR})\s?\*{{0,2}}\s?[:：]\s?\*{{0,2}}", re.IGNORECASE)
FIELD = re.compile(rf"[\s*_>]{{0,6}}(?:{_AUTHOR}|{_OTHERS})\s?\*{{0,2}}\s?[:：]", re.IGNORECASE)

RULE = re.compile(r"\s*(?:ᐧ|[-_=*#~+—–]{2,}|[-_](?: ?[-_]){4,}|-{3,} ?[^\W\d_][\w '’.-]{3,40}? ?-{3,})\s*\Z")
SIGNATURE_MARK = re.compile(r"(?:--|— |––) ?\Z")
QUOTED = re.compile(r"[ \t]{0,4}(?:>|&gt;|\||[A-Z]\w{0,15}>)")
DEVICE = re.compile(
    r"[\s*_\[(<-]*+(?:"
    r"(?:sent|send) (?:from|via|with|using|by)\b.{1,140}|(?:get|download) \W?outlook for .{1,80}"
    r"|from my (?:iphone|ipad|mobile|android|phone).{0,30}"
    r"|.{1,30} from mobile|sent on the (?:new )?\w.{1,60}|composed on .{1,40}|this (?:message"
    r"|email) was sent from .{1,60}"
    r"|(?:envoyé|obtenez) (?:depuis|de(?:puis)? mon|à partir|outlook|avec|via|de) .{1,80}"
    r"|télécharger outlook .{1,60}"
    r"|(?:von|mit) mein(?:em|er) .{1,60}(?:gesendet|geschickt)?.{0,20}|(?:diese nachricht wurde )?(?:gesendet"
    r"|verschickt|versendet) (?:von|mit|über|mithilfe)\b.{1,80}"
    r"|diese (?:nachricht|e-?mail) wurde von .{1,80}(?:gesendet|verschickt)\.?"
    r"|outlook für .{1,60}(?:herunterladen|beziehen)?"
    r"|enviad[oa] (?:desde|do|a partir|con|pelo|de|mediante|via)\b.{1,80}|obtener outlook .{1,60}"
    r"|obter o? ?outlook .{1,60}"
    r"|inviato (?:da|dal|con|tramite)\b.{1,80}|ottieni outlook .{1,60}|scarica outlook .{1,60}"
    r"|(?:verzonden|verstuurd|gestuurd) (?:vanaf|vanuit|met|via|van)\b.{1,80}|outlook voor .{1,60} downloaden"
    r"|(?:sendt|skickat|skickades) (?:fra|från|med|via)\b.{1,80}|wysłan[oea] (?:z|ze|za|przy)\b.{1,80}"
    r"|отправлено (?:с|из|со|через)\b.{1,80}|надіслано (?:з|із|за)\b.{1,80}|lähetetty .{1,80}"
    r"|odesláno .{1,60}|odoslané .{1,60}"
    r"|.{0,60}(?:iphone|ipad|android|samsung|telefon)\S{0,12}(?:dan|den|mdan|umdan|ból|ről|ról) (?:gönderildi"
    r"|küldve).{0,10}"
    r"|发自我的.{1,40}|發自我的.{1,40}|从我的.{1,40}发送|傳送自.{1,40}|從我的.{1,40}傳送|.{0,30}(?:から送信|iPhoneから送信).{0,10}"
    r"|나의 .{1,30}에서 보냄|נשלח מ.{1,40}"
    r")\s*\Z",
    re.IGNORECASE,
)
