"""Who gets what at every address: the one table. An address without a row fails the tests, and a row without one too.

A cell is a status code, or: `login` for the way to the sign-in page, `->` for a redirect elsewhere. Columns are
`world.PEOPLE` and `world.TOKENS`; the rows of the admin stand for all its models.
"""

from __future__ import annotations

from typing import Any

# fmt: off
GET = {
    #                                       anonymous own    other  agent  foreign reader admin
    # The desk's own health
    "healthz":                              "200       200    200    200    200     200    200",
    # no worker runs in tests:
    "readyz":                               "503       503    503    503    503     503    503",
    # needs METRICS_TOKEN:
    "metrics":                              "404       404    404    404    404     404    404",
    # The admin: all its pages are for admins only
    "admin:index":                          "login     403    403    403    403     403    200",
    "admin:login":                          "login     403    403    403    403     403    ->",
    "admin:logout":                         "login     403    403    403    403     403    405",
    "admin:password_change":                "login     403    403    403    403     403    ->",
    "admin:password_change_done":           "login     403    403    403    403     403    200",
    "admin:autocomplete":                   "login     403    403    403    403     403    200",
    "admin:jsi18n":                         "login     403    403    403    403     403    200",
    "admin:view_on_site":                   "login     403    403    403    403     403    404",
    "admin:changelist":                     "login     403    403    403    403     403    200",
    # to the provider of the mail account:
    "admin:tickets_mailrelay_test":         "login     403    403    403    403     403    200",
    "admin:tickets_dkimkey_domains":        "login     403    403    403    403     403    200",
    "admin:tickets_dkimkey_samples":        "login     403    403    403    403     403    200",
    "admin:tickets_oauthgrant_connect":     "login     403    403    403    403     403    404",
    # leads to the list, as nothing was begun:
    "admin:tickets_oauthgrant_callback":    "login     403    403    403    403     403    ->",
    # a ticket; so are the rows below:
    "admin:add":                            "login     403    403    403    403     403    403",
    "admin:history":                        "login     403    403    403    403     403    200",
    "admin:delete":                         "login     403    403    403    403     403    403",
    "admin:change":                         "login     403    403    403    403     403    200",
    "admin:row":                            "login     403    403    403    403     403    ->",
    "admin:app_list":                       "login     403    403    403    403     403    200",
    "admin:none":                           "login     403    403    403    403     403    404",
    # Accounts
    "account_login":                        "200       ->     ->     ->     ->      ->     ->",
    "account_logout":                       "->        200    200    200    200     200    200",
    "account_inactive":                     "200       200    200    200    200     200    200",
    "account_signup":                       "200       ->     ->     ->     ->      ->     ->",
    "account_reauthenticate":               "login     200    200    200    200     200    200",
    "account_email":                        "login     200    200    200    200     200    200",
    "account_email_verification_sent":      "200       200    200    200    200     200    200",
    "account_change_password":              "login     200    200    200    200     200    200",
    "account_set_password":                 "login     ->     ->     ->     ->      ->     ->",
    "account_reset_password":               "200       200    200    200    200     200    200",
    "account_confirm_login_code":           "login     ->     ->     ->     ->      ->     ->",
    "account_confirm_email":                "200       200    200    200    200     200    200",
    "account_reset_password_from_key_done": "200       200    200    200    200     200    200",
    "account_reset_password_from_key":      "200       200    200    200    200     200    200",
    "account_reset_password_done":          "200       200    200    200    200     200    200",
    # The workspace: a stranger's ticket is not found, what is merely forbidden is refused
    "staff:home":                           "login     403    403    ->     ->      ->     ->",
    "staff:view":                           "login     403    403    200    200     200    200",
    "staff:search":                         "login     403    403    200    200     200    200",
    "staff:ticket_new":                     "login     403    403    200    200     403    200",
    "staff:ticket":                         "login     403    403    200    404     200    200",
    # leads to the ticket:
    "staff:reply":                          "login     403    403    ->     ->      ->     ->",
    "staff:note":                           "login     403    403    ->     ->      ->     ->",
    "staff:assign":                         "login     403    403    200    404     403    200",
    "staff:status":                         "login     403    403    200    404     403    200",
    "staff:priority":                       "login     403    403    200    404     403    200",
    "staff:tags":                           "login     403    403    200    404     403    200",
    "staff:transfer":                       "login     403    403    200    404     403    200",
    "staff:start":                          "login     403    403    ->     ->      ->     ->",
    "staff:resolve":                        "login     403    403    ->     ->      ->     ->",
    "staff:close":                          "login     403    403    ->     ->      ->     ->",
    "staff:reopen":                         "login     403    403    ->     ->      ->     ->",
    "staff:archive":                        "login     403    403    ->     ->      ->     ->",
    "staff:unarchive":                      "login     403    403    ->     ->      ->     ->",
    "staff:trash":                          "login     403    403    ->     ->      ->     ->",
    "staff:restore":                        "login     403    403    ->     ->      ->     ->",
    "staff:follow":                         "login     403    403    ->     ->      ->     ->",
    "staff:unfollow":                       "login     403    403    ->     ->      ->     ->",
    "staff:revoke-links":                   "login     403    403    ->     ->      ->     ->",
    "staff:message_html":                   "login     403    403    200    404     200    200",
    "staff:attachment":                     "login     403    403    200    404     200    200",
    "staff:mail":                           "login     403    403    200    200     200    200",
    "staff:mail_retry":                     "405       405    405    405    405     405    405",
    "staff:mail_outgoing":                  "login     403    403    200    200     200    200",
    "staff:mail_cancel":                    "405       405    405    405    405     405    405",
    "staff:undo":                           "login     403    403    ->     ->      ->     ->",
    "staff:mail_resend":                    "405       405    405    405    405     405    405",
    # The portal
    "after_login":                          "login     ->     ->     ->     ->      ->     ->",
    "portal:home":                          "200       200    200    200    200     200    200",
    "portal:search":                        "200       200    200    200    200     200    200",
    "portal:tickets":                       "login     200    200    200    200     200    200",
    "portal:ticket_new":                    "200       200    200    200    200     200    200",
    "portal:ticket_received":               "404       404    404    404    404     404    404",
    "portal:ticket":                        "404       200    404    200    404     200    200",
    "portal:reply":                         "405       405    405    405    405     405    405",
    "portal:confirm":                       "404       200    404    200    404     200    200",
    "portal:reopen":                        "405       405    405    405    405     405    405",
    "portal:attachment":                    "404       200    404    200    404     200    200",
    # the link is the key:
    "portal:guest":                         "->        ->     ->     ->     ->      ->     ->",
    "portal:fresh_link":                    "200       200    200    200    200     200    200",
    # there is an admin already:
    "portal:unsubscribe":                   "200       200    200    200    200     200    200",
    "portal:setup":                         "404       404    404    404    404     404    404",
}

POST = {
    #                                       anonymous own    other  agent  foreign reader admin
    "healthz":                              "200       200    200    200    200     200    200",
    "readyz":                               "503       503    503    503    503     503    503",
    "metrics":                              "404       404    404    404    404     404    404",
    "admin:index":                          "login     403    403    403    403     403    200",
    "admin:login":                          "login     403    403    403    403     403    ->",
    "admin:logout":                         "login     403    403    403    403     403    ->",
    "admin:password_change":                "login     403    403    403    403     403    ->",
    "admin:password_change_done":           "login     403    403    403    403     403    405",
    "admin:autocomplete":                   "login     403    403    403    403     403    405",
    "admin:jsi18n":                         "login     403    403    403    403     403    405",
    "admin:view_on_site":                   "login     403    403    403    403     403    404",
    "admin:changelist":                     "login     403    403    403    403     403    200",
    "admin:tickets_mailrelay_test":         "login     403    403    403    403     403    200",
    "admin:tickets_dkimkey_domains":        "login     403    403    403    403     403    405",
    "admin:tickets_dkimkey_samples":        "login     403    403    403    403     403    405",
    "admin:tickets_oauthgrant_connect":     "login     403    403    403    403     403    405",
    "admin:tickets_oauthgrant_callback":    "login     403    403    403    403     403    405",
    "admin:add":                            "login     403    403    403    403     403    403",
    "admin:history":                        "login     403    403    403    403     403    200",
    "admin:delete":                         "login     403    403    403    403     403    403",
    "admin:change":                         "login     403    403    403    403     403    403",
    "admin:row":                            "login     403    403    403    403     403    ->",
    "admin:app_list":                       "login     403    403    403    403     403    200",
    "admin:none":                           "login     403    403    403    403     403    404",
    "account_login":                        "200       ->     ->     ->     ->      ->     ->",
    "account_logout":                       "->        ->     ->     ->     ->      ->     ->",
    "account_inactive":                     "405       405    405    405    405     405    405",
    "account_signup":                       "200       ->     ->     ->     ->      ->     ->",
    "account_reauthenticate":               "login     200    200    200    200     200    200",
    "account_email":                        "login     ->     ->     ->     ->      ->     ->",
    "account_email_verification_sent":      "405       405    405    405    405     405    405",
    "account_change_password":              "login     200    200    200    200     200    200",
    "account_set_password":                 "login     ->     ->     ->     ->      ->     ->",
    "account_reset_password":               "200       200    200    200    200     200    200",
    "account_confirm_login_code":           "login     ->     ->     ->     ->      ->     ->",
    "account_confirm_email":                "404       404    404    404    404     404    404",
    "account_reset_password_from_key_done": "405       405    405    405    405     405    405",
    "account_reset_password_from_key":      "200       200    200    200    200     200    200",
    "account_reset_password_done":          "405       405    405    405    405     405    405",
    "staff:home":                           "405       405    405    405    405     405    405",
    "staff:view":                           "405       405    405    405    405     405    405",
    "staff:search":                         "405       405    405    405    405     405    405",
    # the default department is not one of theirs:
    "staff:ticket_new":                     "login     403    403    ->     400     403    ->",
    "staff:ticket":                         "405       405    405    405    405     405    405",
    "staff:reply":                          "login     403    403    ->     404     403    ->",
    "staff:note":                           "login     403    403    ->     404     403    ->",
    "staff:assign":                         "login     403    403    ->     404     403    ->",
    "staff:status":                         "login     403    403    ->     404     403    ->",
    "staff:priority":                       "login     403    403    ->     404     403    ->",
    "staff:tags":                           "login     403    403    ->     404     403    ->",
    "staff:transfer":                       "login     403    403    ->     404     403    ->",
    "staff:start":                          "login     403    403    ->     404     403    ->",
    "staff:resolve":                        "login     403    403    ->     404     403    ->",
    "staff:close":                          "login     403    403    ->     404     403    ->",
    "staff:reopen":                         "login     403    403    ->     404     403    ->",
    "staff:archive":                        "login     403    403    403    404     403    ->",
    "staff:unarchive":                      "login     403    403    403    404     403    ->",
    "staff:trash":                          "login     403    403    403    404     403    ->",
    # what is in the trash only admins know of:
    "staff:restore":                        "login     403    403    404    404     404    ->",
    "staff:follow":                         "login     403    403    ->     404     ->     ->",
    "staff:unfollow":                       "login     403    403    ->     404     ->     ->",
    "staff:revoke-links":                   "login     403    403    ->     404     403    ->",
    "staff:message_html":                   "405       405    405    405    405     405    405",
    "staff:attachment":                     "405       405    405    405    405     405    405",
    "staff:mail":                           "405       405    405    405    405     405    405",
    "staff:mail_retry":                     "login     403    403    403    403     403    ->",
    "staff:mail_outgoing":                  "405       405    405    405    405     405    405",
    # a failed mail of the ticket:
    "staff:mail_cancel":                    "login     403    403    ->     404     403    ->",
    # a message that somebody else wrote:
    "staff:undo":                           "login     403    403    403    404     403    403",
    "staff:mail_resend":                    "login     403    403    ->     404     403    ->",
    "after_login":                          "405       405    405    405    405     405    405",
    "portal:home":                          "405       405    405    405    405     405    405",
    "portal:search":                        "405       405    405    405    405     405    405",
    "portal:tickets":                       "405       405    405    405    405     405    405",
    "portal:ticket_new":                    "->        ->     ->     ->     ->      ->     ->",
    "portal:ticket_received":               "405       405    405    405    405     405    405",
    "portal:ticket":                        "405       405    405    405    405     405    405",
    "portal:reply":                         "404       ->     404    403    404     403    403",
    "portal:confirm":                       "404       ->     404    403    404     403    403",
    "portal:reopen":                        "404       ->     404    403    404     403    403",
    "portal:attachment":                    "405       405    405    405    405     405    405",
    "portal:guest":                         "405       405    405    405    405     405    405",
    "portal:fresh_link":                    "200       200    200    200    200     200    200",
    # the signature in the address is the proof, so nobody has to sign in:
    "portal:unsubscribe":                   "200       200    200    200    200     200    200",
    "portal:setup":                         "404       404    404    404    404     404    404",
}

API_GET = {
    #                                       none   own    other  agent  agent-read foreign reader admin-write admin
    "api:tickets":                          "401    200    200    200    200        200     200    200         200",
    "api:ticket":                           "401    200    404    200    200        404     200    200         200",
    "api:messages":                         "401    200    404    200    200        404     200    200         200",
    "api:events":                           "401    200    404    200    200        404     200    200         200",
    "api:reply":                            "401    405    405    405    405        405     405    405         405",
    "api:note":                             "401    405    405    405    405        405     405    405         405",
    "api:assign":                           "401    405    405    405    405        405     405    405         405",
    "api:start":                            "401    405    405    405    405        405     405    405         405",
    "api:resolve":                          "401    405    405    405    405        405     405    405         405",
    "api:confirm":                          "401    405    405    405    405        405     405    405         405",
    "api:close":                            "401    405    405    405    405        405     405    405         405",
    "api:reopen":                           "401    405    405    405    405        405     405    405         405",
    "api:archive":                          "401    403    403    403    403        403     403    403         405",
    "api:unarchive":                        "401    403    403    403    403        403     403    403         405",
    "api:tags":                             "401    405    405    405    405        405     405    405         405",
    "api:schema":                           "200    200    200    200    200        200     200    200         200",
    "api:docs":                             "200    200    200    200    200        200     200    200         200",
}

# PATCH for api:ticket
API_POST = {
    #                                       none   own    other  agent  agent-read foreign reader admin-write admin
    "api:tickets":                          "401    201    201    201    403        201     201    201         201",
    "api:ticket":                           "401    403    404    200    403        404     403    200         200",
    "api:messages":                         "401    201    404    403    403        404     403    403         403",
    "api:events":                           "401    405    405    405    403        405     405    405         405",
    "api:reply":                            "401    403    404    201    403        404     403    201         201",
    "api:note":                             "401    403    404    201    403        404     403    201         201",
    "api:assign":                           "401    403    404    200    403        404     403    200         200",
    "api:start":                            "401    403    404    200    403        404     403    200         200",
    "api:resolve":                          "401    403    404    200    403        404     403    200         200",
    "api:confirm":                          "401    200    404    403    403        404     403    403         403",
    "api:close":                            "401    403    404    200    403        404     403    200         200",
    "api:reopen":                           "401    200    404    200    403        404     403    200         200",
    "api:archive":                          "401    403    403    403    403        403     403    403         200",
    "api:unarchive":                        "401    403    403    403    403        403     403    403         200",
    "api:tags":                             "401    403    404    200    403        404     403    200         200",
    "api:schema":                           "405    405    405    405    405        405     405    405         405",
    "api:docs":                             "200    200    200    200    200        200     200    200         200",
}
# fmt: on

# Addresses that `reverse` alone does not make.
READY = {
    "admin:tickets_mailrelay_test": "/admin/tickets/mailrelay/settings/test/",
    "admin:row": "/admin/tickets/ticket/1/",
    "admin:none": "/admin/no-such-page/",
    "admin:tickets_oauthgrant_connect": "/admin/tickets/oauthgrant/1/connect/",
    "admin:view_on_site": "/admin/r/1/1/",
    "admin:app_list": "/admin/tickets/",
    "admin:autocomplete": "/admin/autocomplete/?app_label=tickets&model_name=mailbox&field_name=department",
    "account_confirm_email": "/accounts/confirm-email/no-such-key/",
    "account_reset_password_from_key": "/accounts/password/reset/key/1-no-such-key/",
    "portal:setup": "/setup/no-such-token/",
}

# The ticket is open and assigned unless the address needs it otherwise.
STATES: dict[str, dict[str, Any]] = {
    "portal:confirm": {"state": "resolved"},
    "portal:reopen": {"state": "resolved"},
    "staff:reopen": {"state": "closed"},
    "staff:archive": {"state": "closed"},
    "staff:unarchive": {"state": "closed", "archived": True},
    "staff:restore": {"trashed": True},
    "api:confirm": {"state": "resolved"},
    "api:reopen": {"state": "closed"},
    "api:archive": {"state": "closed"},
    "api:unarchive": {"state": "closed", "archived": True},
}

_TEXT = "It still burns."
FORMS: dict[str, Any] = {
    "portal:ticket_new": {"name": "Grace", "email": "g@customers.example", "subject": "Lamp", "body": _TEXT},
    "portal:reply": {"body": _TEXT},
    "portal:fresh_link": {"email": "g@customers.example"},
    "staff:reply": {"reply-body": _TEXT},
    "staff:note": {"note-body": _TEXT},
    "staff:ticket_new": {"email": "g@customers.example", "source": "phone", "subject": "Lamp", "body": _TEXT},
    "staff:assign": lambda world: {"to": f"agent:{world.people['agent'].pk}"},
    "staff:priority": {"priority": 3},
    "staff:tags": {"tags": "lamp"},
    "staff:transfer": lambda world: {"department": world.people["foreign"].memberships.get().department_id},
    "account_login": {"login": "g@customers.example", "password": "wrong"},
}
API_BODIES: dict[str, Any] = {
    "api:tickets": {"subject": "Lamp", "body": _TEXT},
    "api:ticket": {"priority": "high"},
    "api:messages": {"body": _TEXT},
    "api:reply": {"body": _TEXT},
    "api:note": {"body": _TEXT},
    "api:assign": {"agent": "me"},
    "api:tags": {"add": ["lamp"]},
}
