"""Why a mail was not delivered, read from what mail servers say. Pure tables and one function over them.

Servers use the same few words everywhere, so a phrase belongs here when several programs or providers say it. The
first matching row wins: what is specific (a full mailbox, a block list) stands above what is said for everything
("mailbox unavailable").
"""

from __future__ import annotations

import re
from enum import StrEnum


class Reason(StrEnum):
    """`POLICY` holds every reason that says nothing about the recipient and that an admin has to look at."""

    DELIVERED = "delivered"
    NO_SUCH_USER = "no_such_user"
    NO_SUCH_HOST = "no_such_host"
    TAKES_NO_MAIL = "takes_no_mail"
    MOVED = "moved"
    MAILBOX_FULL = "mailbox_full"
    SUSPENDED = "suspended"
    TOO_LARGE = "too_large"
    FILTERED = "filtered"
    BLOCKED = "blocked"
    AUTHENTICATION = "authentication"
    SPAM = "spam"
    VIRUS = "virus"
    RELAYING = "relaying"
    REFUSED = "refused"
    CONTENT = "content"
    TOO_FAST = "too_fast"
    EXPIRED = "expired"
    NETWORK = "network"
    SYSTEM = "system"
    UNKNOWN = "unknown"


# Trying again cannot help; everything else may.
HARD = {Reason.NO_SUCH_USER, Reason.NO_SUCH_HOST, Reason.TAKES_NO_MAIL, Reason.MOVED}
POLICY = {Reason.BLOCKED, Reason.AUTHENTICATION, Reason.SPAM, Reason.VIRUS, Reason.RELAYING, Reason.REFUSED}


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_FULL = _any(
    r"(?:mail ?box|mail(?:folder)?|inbox|account|user|recipient|storage|quota|maildir|message store|disk)\b.{0,60}?"
    r"\b(?:is |are |has |would be |was )?(?:too |almost )?(?:full\b|over ?(?:quota|limit|size|its|the|disk|storage)"
    r"|exceed|out of (?:storage|space|disk))",
    r"(?:over|exceed\w*|exceeds|out of|insufficient|not enough|no) (?:(?:the|its|his|their|your|user|allowed|max\w*|"
    r"account|mailbox|mail|message|disk|storage)\s?){0,5}(?:quota|storage|space|disk)",
    r"quota (?:exceeded|violation|has been)|over ?quota|exceeded quota|too many messages|full mailbox|mailfull",
    r"delivery failed: over quota|boîte.{0,30}pleine|bo[iî]te aux lettres.{0,20}satur|postfach.{0,30}voll",
    r"buz[oó]n.{0,30}lleno|casella.{0,30}piena|caixa.{0,30}cheia|ящик.{0,30}переполн|容量.{0,20}(?:超|不足)|mailbox.?size",
    r"メールボックス.{0,20}(?:一杯|いっぱい|満)",
    r"收件人.{0,20}(?:已满|空间)|550 5\.2\.2|quotaexceeded|_quota_|user is over",
)
_SYSTEM_FULL = _any(r"insufficient (?:system|disk) (?:storage|space|resources)", r"no space left|disk full")
_TOO_LARGE = _any(
    r"(?:message|mail|e-?mail|content|body|header)s?\b.{0,50}?(?:too (?:big|large|long)|size.{0,30}?exceed"
    r"|exceed.{0,40}?size)",
    r"(?:exceed\w*|over|larger than|maximum).{0,40}?(?:message|mail) ?(?:size|length)|size ?limit|sizelimit|too big",
    r"message length exceeds|nachricht.{0,20}zu gro",
)
_CONTENT = _any(
    r"headers? too large|too many (?:headers|hops|received)|8-bit data|improper use of|malformed|bare (?:lf|cr)",
    r"(?:mime|multipart|header|charset|encoding).{0,30}(?:error|invalid|not (?:allowed|accept|support))",
    r"multiple.{0,30}addresses in from|duplicate header|missing.{0,20}header|not (?:rfc|compliant)"
    r"|rfc ?\d{3,4}.{0,20}complian",
    r"loop(?:s|ing)? (?:back|detected)|mail loop|attachment.{0,40}(?:not allowed|blocked|type)|header error",
    r"message is not rfc",
)
_VIRUS = _any(r"\bvirus|malware|infected|trojan|worm\b")
_AUTH = _any(
    r"\b(?:dmarc|dkim|spf|senderid|sender policy framework|arc)\b",
    r"unauthenticated (?:e?mail|sender|message)|authentication (?:check|fail|require)|not authenticated"
    r"|unauthenticated",
    r"5\.7\.(?:20|21|22|23|24|26|27|29|30|509|515)\b",
)
_POINTER = _any(
    r"reverse (?:dns|name|lookup|host|mapping|record)|\bptr\b|r-?dns|no (?:a )?reverse|missing reverse|5\.7\.25",
    r"(?:ip|host|address|client|hostname|helo).{0,30}(?:lookup failed|not resolv|does not resolve|no (?:name"
    r"|host)|cannot find)",
    r"forward.?confirm|fix (?:your )?reverse|cannot (?:find|resolve) your (?:host|reverse|ip)|generic (?:r?dns"
    r"|hostname)",
    r"dynamic (?:ip|address|host)|invalid ip|server access.{0,40}forbidden|unresolvable (?:client|relay|host)",
)
_BLOCKED = _any(
    r"black ?-?list|block ?-?list|deny ?-?list|\brbls?\b|dnsbl|rblsmtpd|spamhaus|spamcop|sorbs"
    r"|barracuda(?:central)|uceprotect",
    r"\bblocked\b|\bbanned\b|block(?:ed|ing)? (?:by|for|using|due|see|your)|\bbloqu[eé]e?\b|gesperrt|заблокирован",
    r"(?:ip|host|network|server|client|connection|domain).{0,40}(?:refused|rejected|denied|not (?:allowed"
    r"|permitted|accept)"
    r"|prohibited|reputation|listed|forbidden)",
    r"poor reputation|bad reputation|low reputation|reputation|listed (?:in|at|by|on)|senderbase|senderscore|talos",
    r"unfortunately, messages from|weren't sent|please use the smtp server|(?:my|our) name was rejected|\(bl\)",
    r"not (?:accepting|allowed to send) (?:mail|email|connections) from|invalid ip for sending|access denied\.\.\.",
    r"service refus|adresse ip|connections? (?:will )?not (?:be )?accepted|talk to me: 5|your (?:ip|host|server"
    r"|network)",
    r"may not be mail exchanger|you are not allowed to connect|client host",
)
_SPAM = _any(
    r"\bspam|junk|unsolicited|\bubes?\b|\buces?\b|bulk (?:e?mail|message)|phish|content (?:rejected|filter"
    r"|blocked|denied)",
    r"rejected (?:by|as|due to|because|for).{0,40}(?:content|filter|score)|classified as|suspicious|blacklisted url",
    r"high probability|cyberoam|mail rejet|similar to|gtube|fingerprint|spewing|considered (?:junk|bulk)",
)
_POLICY_WORDS = _any(
    r"polic(?:y|ies)|administrative(?:ly)? (?:prohibit|reject|den)|prohibited|not permitted|security (?:reason"
    r"|violation)",
    r"dm email not accepted|message not (?:allowed|accepted)|rejected for|(?:site|local) (?:policy|configuration)",
)
_RELAY = _any(
    r"relay(?:ing)? (?:access )?(?:is )?(?:not |denied|prohibited|refused|disallow)|unable to relay"
    r"|insecure mail relay",
    r"not (?:allowed|permitted|authori[sz]ed) to relay|relay not|no relaying|relaying|relay access"
    r"|address is not verified",
    r"(?:domain|host) is(?:n't| not) in my list of allowed rcpthosts|open relay|not a gateway|mail relay",
    r"must (?:be )?authenticat|authentication required|turn on smtp auth|relay quota|not an open relay",
)
_MOVED = _any(
    r"\bhas (?:been )?moved|no longer (?:on (?:this )?server|works? (?:here|at)|with|at this|valid)|new address"
    r"|user is not local",
    r"please forward|not our (?:user|customer)|address(?:ee)? (?:has )?changed|replaced by|recipient moved",
    r"left the (?:company|organi[sz]ation)|has retired",
)
_SENDER = _any(
    r"sender.{0,30}(?:reject|verif|invalid|refus|den|not (?:allow|exist|accept)|unknown|address|domain|not found"
    r"|badly)",
    r"(?:from|envelope).{0,20}(?:domain|address) (?:is )?(?:invalid|not|must|does)|from: ?domain is invalid",
    r"domain of sender|mail from.{0,40}(?:reject|denied|not|refus|invalid)|sending (?:to/from|domain)|bad sender"
    r"|backscatter",
    r"does not (?:exist|resolve).{0,20}sender|sender is not|invalid sender|you are not authori[sz]ed"
    r"|not authori[sz]ed to send",
)
_SUSPENDED = _any(
    r"(?:account|mail ?box|user|address|recipient|e?mail|box|addressee|domain).{0,60}?(?:is |was |has been |been "
    r"|are )?"
    r"(?:currently |temporarily |administratively |not )?(?:\bdisabled|suspend|inactiv|locked|deactivat|\bfrozen"
    r"|disabled|"
    r"blocked|not active|closed|discontinued|invalidated|expired\b|restricted)",
    r"(?:disabled|inactive|suspended|locked|frozen|closed|deactivated|discontinued) (?:e?mail ?)?(?:address|user"
    r"|account|"
    r"mail ?box|recipient)|conta.{0,20}(?:suspensa|inativa)|konto.{0,30}(?:gesperrt|deaktiviert)|account.?disabled",
    r"not accepting (?:any )?(?:new )?(?:messages|mail)|mailbox currently|unavailable to take delivery"
    r"|user suspended",
)
_NO_USER = _any(
    r"(?:user|recipient|mail ?box|address(?:ee)?|account|e?mail(?: address| account)?|name|customer|login"
    r"|destinat\w+|"
    r"party|alias|userid|person|inbox|member)\b.{0,80}?"
    r"(?:unknown|not (?:a )?(?:known|found|exist\w*|valid|listed|recogni[sz]ed|registered|available|our|local"
    r"|hosted|in)|"
    r"do(?:es)?n[o']?t exist|does not (?:exist|have)|doesn't (?:exist|have)|unavailable|no longer exist|invalid|"
    r"n'existe pas|nicht (?:gefunden|bekannt|vorhanden)|no existe|non esiste|n[aã]o existe|inconnue?|invalide"
    r"|introuvable|"
    r"has no mailbox|not present|could not be found|couldn't be found|wasn't found|isn't|undeliverable|badly formed)",
    r"(?:unknown|no such|invalid|non-?existent|nonexistent|unrecogni[sz]ed|inexistent|bad|illegal|incorrect"
    r"|no valid|missing)"
    r" (?:final delivery |local |virtual |or invalid |destination |mail |e?-?mail )?"
    r"(?:user|recipient|mail ?box|address|account|e?mail|name|login|alias|local|person|customer|addressee|userid"
    r"|id|here)",
    r"unknown-user|user-unknown|nosuchuser|recipnotfound|recipientnotfound|adr_?not|no account|no mailbox here"
    r"|there is no",
    r"(?:address|recipient)s? rejected|unknown in local|user unknown|unrouteable address|unroutable"
    r"|does not like recipient",
    r"(?:bad|valid)rcptto|nobody by (?:this|that)|no one at this|no matching address|not an active address"
    r"|home directory"
    r"|please (?:check|verify) (?:the )?recipient|utilisateur inconnu|unknown (?:e-?mail|local-?part|rcpt)",
    r"isn't a (?:valid|local)|not a (?:valid )?(?:user|recipient|mailbox|local)|name is not recogni|not listed in"
    r"|not in directory",
    r"can'?t find|cannot find.{0,30}(?:user|mailbox|recipient|address)|unknown: |no one (?:here )?by|who are you",
    r"ディレクトリ(?:の|に).{0,20}(?:ません)|ユーザー?.{0,40}(?:見つか|存在し)|あて先.{0,30}(?:見つか|存在)",
    r"アドレス.{0,30}見つか",
    r"пользовател\w+.{0,30}не (?:найден|существует)|адрес\w*.{0,30}не существует",
    r"收件人.{0,30}(?:不存在|未找到)|用户不存在",
    r"empf[aä]nger.{0,40}(?:unbekannt|nicht)|adress\w*.{0,30}(?:existiert nicht|nicht gefunden|unbekannt)",
    r"destinatario.{0,40}(?:desconocido|sconosciuto|no)|usuario.{0,30}(?:desconocido|no existe)|dest\w+ inv[aá]lido",
    r"onbekend|ukjent|okänd|tuntematon|nieznany|neznám|ismeretlen|알 ?수 ?없는|존재하지",
)
_NO_HOST = _any(
    r"(?:host|domain|hostname|name|dns|nxdomain)\b(?:(?!user|mailbox|recipient|address|account).){0,40}?"
    r"(?:unknown|not found|does ?n[o']t exist"
    r"|could not be (?:found|resolved)|"
    r"non-?existent|lookup fail|invalid|error: .{0,10}not found|does not exist|unresolvable|n't be found"
    r"|no relevant answers)",
    r"(?:unknown|no such|non-?existent|invalid|bad|illegal) (?:host|domain|mail ?server|server)"
    r"|couldn't find any host",
    r"unrout(?:e)?able (?:mail )?domain|all relevant mx records point to non|host or domain name"
    r"|name or service not known",
    r"domain may not exist|account or domain may not|missing the proper dns|mail server could not deliver"
    r"|n'existe pas.{0,20}domaine",
    r"domain(?:e)? introuvable|domäne.{0,20}nicht|(?:5\.1\.2|5\.4\.310)\b|domain is not reachable",
    r"(?:^|\s)[a-z0-9-]+(?:\.[a-z0-9-]+)+ does not exist",
)
_NO_MAIL = _any(
    r"(?:host|domain|server|site|system|address).{0,30}(?:does ?n[o']t (?:accept|receive|take)|never (?:accept"
    r"|receive)|accepts no)"
    r" (?:any )?(?:e?-?mail|messages)|null ?mx|no (?:valid )?mx\b|couldn't find a mail exchanger"
    r"|no mail exchanger|mx record",
    r"nullmx|does not accept mail|mail exchanger or ip|smtp service not (?:supported|available) for"
    r"|does not receive mail",
)
_FAST = _any(
    r"too (?:many|much|fast|frequent)|rate.?limit|at a rate|throttl|receiving mail at a"
    r"|try again later.{0,20}limit|too quickly",
    r"(?:exceed|limit).{0,40}(?:connections|messages per|rate|recipients|hourly|daily|concurrent)|excessive"
    r"|unusual (?:rate|traffic)",
)
_NO_CONNECTION = _any(
    r"did not accept our requests|socket error|connection timed out|connection refused|wasn't able to establish",
)
_GREY = _any(r"gr[ae]y ?-?list|temporar(?:y|ily).{0,20}(?:defer|reject|local)|try again in")
_EXPIRED = _any(
    r"expire[ds]|timed? ?out|time ?out|retry.{0,20}exceeded|too long|in the queue|gave up|giving up"
    r"|undeliverable for|"
    r"cannot send message (?:for|within)|could not send message for|has been delayed|delayed|not yet been delivered|"
    r"delivery attempts|multiple retries|failed \d+ attempts|connection refused|unable to contact|not reachable|"
    r"did not accept our requests|socket error|deferred|retried for|still being retried|no route to host|unreachable",
    r"connect to|could not connect|couldn't connect|cannot connect|connection failed|unable to connect"
    r"|connection was dropped",
)
_NETWORK = _any(
    r"lost connection|connection (?:lost|reset|closed|died|broken|dropped)|network|dns (?:error|fail|lookup"
    r"|server)|name service"
    r"|name ?server|broken pipe|hop count|too many hops|routing|tls|ssl|malformed (?:dns|or)|host name lookup fail",
)
_LOCAL = _any(r"procmail|maildrop|couldn't create|/var/(?:spool/)?mail")
_GROUPS = _any(r"groups\.google\.com/support")
_SYSTEM = _any(
    r"system (?:error|config|fail|problem|resources)|(?:temporary|local|internal|server|configuration"
    r"|operating system|protocol|"
    r"software|unexpected|queue file|resources?) (?:\w+ )?(?:error|failure|problem|fail|unavailable|temporarily)|"
    r"service (?:currently |temporarily )?(?:not available|unavailable)|mailer (?:error|exit)|couldn't create"
    r"|could not (?:load|write)|"
    r"procmail|maildrop|pipe|exit(?:ed)? (?:status|code)|x-unix|ldap|mysql|database|out of memory"
    r"|command (?:failed|died)|"
    r"unable to (?:open|create|write)|i/o error|does not support",
)

_REJECTED = _any(r"\breject|\brefus|\bdenied|\bforbidden|\bnot allowed|illegal attachment")

_ROWS: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    (Reason.REFUSED, _GROUPS),
    (Reason.EXPIRED, _NO_CONNECTION),
    (Reason.VIRUS, _VIRUS),
    (Reason.TOO_LARGE, _TOO_LARGE),
    (Reason.MAILBOX_FULL, _FULL),
    (Reason.SYSTEM, _LOCAL),
    (Reason.CONTENT, _CONTENT),
    (Reason.TAKES_NO_MAIL, _NO_MAIL),
    (Reason.AUTHENTICATION, _AUTH),
    (Reason.BLOCKED, _POINTER),
    (Reason.RELAYING, _RELAY),
    (Reason.MOVED, _MOVED),
    (Reason.TOO_FAST, _FAST),
    (Reason.REFUSED, _SENDER),
    (Reason.SPAM, _SPAM),
    (Reason.SUSPENDED, _SUSPENDED),
    (Reason.NO_SUCH_HOST, _NO_HOST),
    (Reason.NO_SUCH_USER, _NO_USER),
    (Reason.BLOCKED, _BLOCKED),
    (Reason.REFUSED, _POLICY_WORDS),
    (Reason.EXPIRED, _GREY),
    (Reason.EXPIRED, _EXPIRED),
    (Reason.NETWORK, _NETWORK),
    (Reason.SYSTEM, _SYSTEM_FULL),
    (Reason.SYSTEM, _SYSTEM),
    (Reason.REFUSED, _REJECTED),
)

# RFC 3463 and the IANA registry of enhanced status codes, where the text says nothing that we know.
_BY_STATUS = {
    "1.0": Reason.NO_SUCH_USER, "1.1": Reason.NO_SUCH_USER, "1.2": Reason.NO_SUCH_HOST, "1.3": Reason.NO_SUCH_USER,
    "1.6": Reason.MOVED, "1.7": Reason.REFUSED, "1.8": Reason.REFUSED, "1.10": Reason.TAKES_NO_MAIL,
    "2.0": Reason.FILTERED, "2.1": Reason.SUSPENDED, "2.2": Reason.MAILBOX_FULL, "2.3": Reason.TOO_LARGE,
    "3.1": Reason.SYSTEM, "3.4": Reason.TOO_LARGE, "4.1": Reason.EXPIRED, "4.2": Reason.NETWORK,
    "4.4": Reason.NO_SUCH_HOST, "4.6": Reason.NETWORK, "4.7": Reason.EXPIRED, "7.0": Reason.REFUSED,
    "7.1": Reason.REFUSED, "7.25": Reason.BLOCKED, "7.27": Reason.AUTHENTICATION,
}  # fmt: skip
_BY_CLASS = {
    "2": Reason.FILTERED, "3": Reason.SYSTEM, "4": Reason.EXPIRED, "5": Reason.SYSTEM, "6": Reason.CONTENT,
    "7": Reason.REFUSED,
}  # fmt: skip


def reason_of(text: str, status: str, code: str = "", command: str = "", action: str = "") -> Reason:
    """Why, from the server's words, the RFC 3463 status, the SMTP code and the SMTP command it answered, each "" if not
    told.

    That an address does not exist is believed only with proof, since it is held against the person: a 5.1.x status, or
    the refusal of RCPT. "User unknown" after the whole mail went over is what filters say, and counts as one.
    """
    if action in ("delivered", "relayed", "expanded", "deliverable") or status.startswith("2."):
        return Reason.DELIVERED
    found = next((reason for reason, words in _ROWS if words.search(text)), None)
    detail = status[2:]
    if found is None or (found in (Reason.EXPIRED, Reason.NETWORK, Reason.SYSTEM) and detail in ("1.2", "4.4")):
        found = _by_status(detail)
    if found is Reason.SUSPENDED and status == "5.1.1":
        return Reason.NO_SUCH_USER
    if found is Reason.NO_SUCH_USER and detail.startswith("7."):  # the receiver's policy, whatever words it chose
        return Reason.REFUSED
    if found is Reason.NO_SUCH_USER and not _is_proof(text, status, code, command):
        return Reason.FILTERED
    return found


def _by_status(detail: str) -> Reason:
    return _BY_STATUS.get(detail) or _BY_CLASS.get(detail.partition(".")[0], Reason.UNKNOWN)


# A server that looked the address up says so: it repeats the address, or speaks of the account at that provider.
_LOOKED_UP = _any(r"<>: ?user unknown", r"this user doesn't have an? \S+ account", r"bad-mailbox")


def _is_proof(text: str, status: str, code: str, command: str) -> bool:
    if status[1:].startswith(".1.") or status == "5.5.0" or command == "RCPT" or _LOOKED_UP.search(text):
        return True
    return not command and not code and status in ("", "5.0.0")
