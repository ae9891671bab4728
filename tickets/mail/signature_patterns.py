"""How mails end: devices, people, companies. Words only; the rules are in `signatures`."""

from __future__ import annotations

import re

# RFC 3676, 4.3 is "-- "; many programs lose the space.
MARK = re.compile(r"(?:--|— |––) ?\Z")
RULER = re.compile(r"\s*(?:_{2,}|-{3,}|[—–]{2,})\s*\Z")
UNDERSCORES = re.compile(r"\s*_{2,}\s*\Z")
# "-Ana", "–Ana Costa"
NAME = re.compile(r"[-–](?!-)[^\W\d_][\w.'’]{1,20}(?: [^\W\d_][\w.'’]{0,20}){0,2}\s*\Z")
SENTENCE_END = re.compile(r"[.!?…)\U0001F300-\U0001FAFF]\s*\Z")
# The end of a sentence, not of a company's name.
STOP = re.compile(r"(?<!\binc)(?<!\bltd)(?<!\bco)(?<!\bcorp)(?<!\bllc)(?<!\b\w)[.!?:][\s*_]*\Z", re.IGNORECASE)
CONTACT = re.compile(r"[\w.+-]{1,60}@[\w-]|https?://|\bwww\.|\+?\(?\d[\d ()/.-]{6,}\d", re.IGNORECASE)
# "Ana Costa", "Dr. Ana M. Costa, PhD", "Ana Costa | Head of IT"
_CAPITAL = r"[^\W\d_a-zß-ÿ][\w.'’-]{0,20}"
CARD_NAME = re.compile(
    rf"[*_]{{0,2}}(?:{_CAPITAL},? ){{1,4}}(?:{_CAPITAL}[*_]{{0,2}}\Z|(?:{_CAPITAL} )?[|,·•–-] ?\S.{{0,60}}\Z)"
)
GREETING = re.compile(
    r"[\s*_]{0,4}(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|moin|guten|liebe[rs]?"
    r"|sehr geehrte\w?|bonjour|bonsoir|salut|hola|buen[oa]s?|estimad\w{1,2}|olá|oi|bom dia|boa|prezad\w{1,2}"
    r"|ciao|buon\w{0,8}"
    r"|gentil\w{1,2}|beste|geachte|goede\w{0,6}|hej|hei|god|kära?|kære|cześć|dzień dobry|szanown\w{1,3}|dobrý"
    r"|vážen\w{1,2}"
    r"|tisztelt|kedves|bună|stimat\w|здравствуйте|добрый|добрий|привет|уважаем\w{1,3}|шановн\w{1,3}|γεια"
    r"|αγαπητ\w{1,2}"
    r"|merhaba|sayın|שלום|مرحبا|السلام|xin chào|halo|您好|你好|こんにちは|お世話|안녕하세요)(?!\w)",
    re.IGNORECASE,
)
SIGN_OFF = re.compile(
    r"[\s*_]{0,4}(?:(?:with |my )?(?:(?:best|kind|kindest|warm|warmest|many|good) )*(?:regards|wishes|greetings)|best"
    r"|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|respectfully|cordially|cheers|thanks(?: again"
    r"| a lot)?"
    r"|many thanks|thank you(?: very much)?|thanks (?:and|&) (?:best |kind )?regards|br|rgds|take care"
    r"|(?:mit )?(?:(?:freundlich|herzlich|viele|lieb|best|schön)\w{0,2} )+gr(?:ü|ue)(?:ß|ss)e?n?|mfg|vg|lg"
    r"|(?:bien )?cordialement|(?:bien|très) (?:à vous|cordialement)|(?:meilleures |sincères )?salutations|amicalement"
    r"|(?:un )?(?:cordial |atento )?saludos?(?: cordiales)?|atentamente|gracias|un abrazo"
    r"|(?:com os )?(?:melhores )?cumprimentos|atenciosamente|abraços|obrigad[oa]"
    r"|(?:cordiali |distinti |cari )?saluti|cordialmente|grazie"
    r"|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg"
    r"|(?:med )?(?:vänlig(?:a)?|venlig(?:e)?|vennlig(?:e)?) h[äi]lsn?ing(?:ar|er)?|mvh|hälsningar|hilsen"
    r"|ystävällisin terveisin|terveisin|z poważaniem|pozdrawiam|(?:serdeczne )?pozdrowienia"
    r"|s pozdravem|s pozdravom|lep pozdrav|srdačan pozdrav|üdvözlettel|tisztelettel|cu stimă"
    r"|с уважением|з повагою|с уважение|με εκτίμηση|φιλικά|saygılarımla|iyi çalışmalar|בברכה|مع (?:خالص )?التحيات?"
    r"|lugupidamisega|ar cieņu|pagarbiai|trân trọng|salam|hormat (?:kami|saya)"
    r"|敬具|此致|祝好|敬上|よろしくお願いします|감사합니다"
    r")[\s,.!;*_–-]{0,4}\Z",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    r"[\s*_\[(]{0,4}(?:(?:legal |confidentiality |privacy )?(?:disclaimer|notice"
    r"|confidentiality)\b[^.?!]{0,40}[:.\-–]"
    r"|(?:important|warning|caution|please note)?[\s:.!–-]{0,4}(?:this|the (?:information|contents?)"
    r"(?: contained| transmitted| included)?(?: (?:in|of|with|by))? this)"
    r" (?:e-?mail|message|communication|transmission)\b.{0,120}(?:confidential|intended|privileged)"
    r"|if you (?:are not|have received this|received this).{0,40}"
    r"(?:intended (?:recipient|addressee)|in error|by mistake)"
    r"|(?:tato|táto) (?:zpráva|správa|e-?mailová zpráva)\b.{0,120}(?:důvěrn|dôvern|určen)"
    r"|(?:ez az|jelen) (?:e-?mail|üzenet|levél)\b.{0,120}(?:bizalmas|kizárólag)"
    r"|(?:acest|prezentul) (?:mesaj|e-?mail)\b.{0,120}(?:confiden[țţt]ial|destinat)"
    r"|bu (?:e-?posta|mesaj|ileti)\b.{0,120}(?:gizli|kişiye özel)"
    r"|(?:настоящее|данное|это) (?:электронное )?(?:письмо|сообщение)\b.{0,120}(?:конфиденциал|предназначен)"
    r"|(?:це|цей) (?:повідомлення|лист)\b.{0,120}(?:конфіденц|призначен)"
    r"|(?:de informatie in dit|dit) (?:e-?mail)?bericht\b.{0,120}(?:vertrouwelijk|bestemd|bedoeld)"
    r"|(?:denna|detta|denne|tämä) (?:e-?post|e-?mail|sähköposti|viesti)\w{0,6}\b.{0,120}"
    r"(?:konfidentiel|sekretess|fortrolig|luottamuksel|avsed)"
    r"|(?:diese|die information(?:en)? in dieser) (?:e-?mail|nachricht)\b.{0,120}(?:vertraulich|bestimmt)"
    r"|(?:ce (?:message|courriel)|cet? e-?mail)\b.{0,120}(?:confidentiel|destin)"
    r"|(?:este|el presente) (?:mensaje|correo)\b.{0,120}(?:confidencial|dirigid|destin)"
    r"|esta (?:mensagem|comunicação)\b.{0,120}(?:confidencia|destin)"
    r"|(?:questo messaggio|questa e-?mail|le informazioni contenute in quest)\w?.{0,120}(?:riservat"
    r"|confidenzial|destinat|indirizzat)"
    r"|(?:dit bericht|deze e-?mail)\b.{0,120}(?:vertrouwelijk|bestemd|bedoeld)"
    r"|(?:detta (?:meddelande|mejl)|denne (?:e-?mail|e-post|mail|meddelelse))\b.{0,120}(?:konfidentiel"
    r"|fortrolig|avsed)"
    r"|(?:ta wiadomość|niniejsza wiadomość|treść tej wiadomości)\b.{0,120}(?:poufn|przeznaczon)"
    r"|(?:это сообщение|настоящее сообщение|данное сообщение)\b.{0,120}(?:конфиденциал|предназначен)"
    r"|(?:please |s'il vous plaît )?(?:consider|think of) the environment before printing"
    r"|pensez à l['’]environnement avant)",
    re.IGNORECASE,
)
DEVICE = re.compile(
    r"[\s*_\[(<-]*+(?:"
    r"virus-free\b.{0,60}|virenfrei\b.{0,60}|sans virus\b.{0,60}|libre de virus\b.{0,60}|privo di virus\b.{0,60}"
    r"|livre de vírus\b.{0,60}|(?:this|the) (?:e-?mail|message)(?: message)? (?:has been|was) (?:checked"
    r"|scanned) .{1,110}"
    r"|diese e-?mail wurde (?:von|durch|mit) .{1,60} (?:geprüft|gescannt)\b.{0,20}"
    r"|l['’]absence de virus dans ce courrier .{1,110}|(?:este|el) (?:correo|mensaje) .{0,40}(?:comprobado"
    r"|analizado) .{1,90}"
    r"|questa e-?mail è stata controllata .{1,90}|deze e-?mail is gecontroleerd .{1,90}|"
    r"(?:sent|send) (?:from|via|with|using|by)\b(?![^,]{1,60}, (?!please|excuse|sorry|pardon|so\b|apolog"
    r"|any )).{1,140}|(?:get|download) \W?outlook for .{1,80}"
    r"|from my (?:iphone|ipad|mobile|android|phone).{0,30}"
    r"|.{1,30} from mobile|sent on the (?:new )?\w.{1,60}|composed on .{1,40}|this (?:message"
    r"|e-?mail) was sent from (?:my|an?|the) .{1,60}"
    r"|(?:envoyé|obtenez) (?:depuis|de(?:puis)? mon|à partir|outlook|avec|via|de) .{1,80}"
    r"|télécharger outlook .{1,60}|holen sie sich outlook für .{1,60}|download outlook voor .{1,60}"
    r"|pobierz \S{0,12} ?outlook .{1,60}|(?:загрузить|скачать|завантажити) outlook (?:для|на) .{1,60}"
    r"|(?:获取|下載|下载|取得) ?outlook for .{1,60}|outlook for .{1,30}(?:をダウンロード|다운로드).{0,6}"
    r"|stáhnout outlook pro .{1,60}|hent outlook til .{1,60}|hämta outlook för .{1,60}|küldve .{1,40}"
    r"|powered by cricket wireless|yahoo mail: search, organi[sz]e, conquer|sent from protonmail, .{1,60}"
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
    r"|στάλθηκε (?:από|με|μέσω)\b.{1,60}|trimis (?:de pe|din|cu|prin|de la)\b.{1,60}|enviat (?:des|amb|via)\b.{1,60}"
    r"|(?:послато|послано) (?:са|с|со|преку)\b.{1,60}|(?:poslano|poslato) (?:s|sa|z|iz|preko)\b.{1,60}"
    r"|изпратено (?:от|с|чрез)\b.{1,60}|(?:được )?gửi từ\b.{1,60}|(?:dikirim|dihantar) (?:dari|melalui"
    r"|daripada)\b.{1,60}"
    r"|(?:تم الإرسال|أُرسلت|أرسلت) من\b.{1,60}|(?:ส่งจาก|ส่งโดย).{1,60}|(?:saadetud minu|nosūtīts no"
    r"|išsiųsta iš) .{1,60}"
    r"|sent fra .{1,40}|sendt med .{1,40}|sent úr .{1,40}"
    r")\s*\Z",
    re.IGNORECASE,
)
