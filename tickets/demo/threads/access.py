"""Conversations about: Sign-in and access."""

from __future__ import annotations

from functools import partial

from tickets.demo.script import (
    CONFIRM,
    Script,
    agent,
    ask,
    customer,
    note,
    reopen,
    resolve,
)
from tickets.states import Priority

_script = partial(Script, "support", "sign-in-and-access")

ACCESS: tuple[Script, ...] = (
    _script(
        subject="Locked out after changing my password",
        opening=(
            "Good morning, I changed my password yesterday evening because the system asked me to. "
            'Today it says "account locked" on {device} and on my phone. I have a call with a '
            "customer at ten and all my slides are in there. Can somebody unlock me quickly, please?"
        ),
        steps=(
            agent(
                "Good morning {first_name}, your account is open again. The phone kept trying the old"
                " password and locked it, so please type the new one there first and then sign in on "
                "the computer."
            ),
            customer("That worked, thank you! Just in time for the call."),
            resolve(
                "Good to hear. If you change it again, switch the phone to flight mode first and you "
                "will not be locked out."
            ),
            CONFIRM,
        ),
        tags=("password", "account"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Cannot sign in on the phone",
        opening=("The mail app on my phone asks for the password again and again. On the computer everything is fine."),
        steps=(
            ask(
                "Hello {first_name}, since Monday the phone also wants a code from the authenticator "
                "app. Did you see a second screen after the password, and what does it say?"
            ),
            customer("Yes, there is a field for six digits but I have no app that shows digits."),
            agent(
                "Then the app was not carried over to the new phone. I sent a setup code to {person},"
                " who sits next to you. Scan it with the camera and the digits appear."
            ),
            resolve("Your phone signed in at 14:20, I can see it on our side. Please confirm that mail arrives."),
        ),
        tags=("phone", "sign-in"),
    ),
    _script(
        subject="Access to the shared mailbox for {team}",
        opening=(
            "Hello, I joined {team} this week and need access to the shared mailbox, reading and "
            "sending. My manager is {person}."
        ),
        steps=(
            note("Asked {person} for the approval. Sending rights need it in writing."),
            ask(
                "Welcome, {first_name}. I asked {person} for the approval, that is only a formality. "
                "Should the mailbox appear on your phone too?"
            ),
            customer("Only on the computer, thanks."),
            note("Approved by {person} by phone and then by mail, attached to the ticket."),
            resolve(
                "The mailbox will appear under your own within the hour. Messages sent from it stay "
                "in its own Sent folder, so your colleagues see them too."
            ),
            CONFIRM,
        ),
        tags=("mailbox", "permission"),
    ),
    _script(
        subject="New colleague starts on Monday, no account yet",
        opening=(
            "{person} starts with us on Monday and I have not received an account or a computer for "
            "them. HR says the form went out two weeks ago. What is missing?"
        ),
        steps=(
            agent(
                "Hello {first_name}, the form arrived without a cost centre and was waiting for "
                "somebody to ask. I am sorry nobody did. Please send me the cost centre and I will "
                "start today."
            ),
            customer("4410. And please add them to the same groups as me."),
            note("Same groups as the manager is too much: payroll folder is in there. Left it out and told them."),
            agent(
                "Thank you. The account is ready, the laptop ({device}) is being prepared. I copied "
                "your groups except the payroll folder, which needs its own request."
            ),
            customer("Makes sense. Where do we pick it up?"),
            resolve(
                "At the desk on the ground floor, Monday from 8:30. I will be there to sign {person} "
                "in for the first time."
            ),
            CONFIRM,
        ),
        tags=("onboarding", "account"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Passwort läuft ab, Link geht nicht",
        opening=(
            "Guten Tag, ich habe die Nachricht bekommen, dass mein Passwort in drei Tagen abläuft. "
            "Der Link darin öffnet nur eine leere Seite. Ist die Nachricht überhaupt echt?"
        ),
        steps=(
            agent(
                "Guten Tag, die Nachricht ist echt und Ihre Vorsicht ist genau richtig. Der Link "
                "funktioniert nur im Firmennetz. Bitte melden Sie sich im VPN an und öffnen Sie ihn "
                "dann noch einmal."
            ),
            customer("Mit VPN ging es sofort. Es wäre gut, wenn das in der Nachricht stünde."),
            note("Text of the reminder changed, one sentence about the VPN added."),
            resolve("Da haben Sie recht, der Satz steht ab heute in der Nachricht. Vielen Dank für den Hinweis."),
            CONFIRM,
        ),
        tags=("password",),
        language="de",
    ),
    _script(
        subject="I think I typed my password into a fake page",
        opening=(
            "I am a bit ashamed, but I clicked a link in a mail about a parcel and typed my password."
            " The page then closed. What should I do??"
        ),
        steps=(
            agent(
                "{first_name}, thank you for telling us at once, that is the best thing you could do."
                " I have signed you out everywhere and blocked the old password. Please do not use "
                "the computer until I call you, in about five minutes."
            ),
            note(
                "Three sign-in attempts from abroad within ten minutes, all stopped by the second "
                "factor. No rules added to the mailbox. Domain reported and blocked."
            ),
            agent(
                "As discussed on the phone: the new password is set, nobody got in, and the page is "
                "now blocked for everybody."
            ),
            customer(
                "Thank you for being so kind about it. I forwarded the mail to {person} as well, they"
                " had received the same one."
            ),
            resolve("Perfect, we removed it from 31 mailboxes. Nothing else to do for you."),
            CONFIRM,
        ),
        tags=("security", "phishing"),
        priority=Priority.EMERGENCY,
    ),
    _script(
        subject="Wrong surname in my account",
        opening=(
            "I got married in {month} and my name is still the old one in mail and in the phone list."
            " The personnel office already has the new one."
        ),
        steps=(
            agent(
                "Congratulations! I can change the shown name at once. Would you like a new address "
                "as well? The old one would keep working."
            ),
            customer("Yes to both please."),
            resolve(
                "Done. Please sign out and in once. Letters to the old address arrive for as long as you work here."
            ),
            CONFIRM,
            reopen("Hello again, the list on the desk phones still shows the old name."),
            agent(
                "You are right, the desk phones copy the list only once a week. I pushed it by hand, "
                "it should be right by noon."
            ),
            resolve("Checked on my own phone: the new name is there."),
        ),
        tags=("account", "name"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Remove access of {person}",
        opening=(
            "{person} leaves us this Friday. Please remove all access at 17:00, forward the mail to "
            "me for three months, and tell me what you need back."
        ),
        steps=(
            agent(
                "Hello {first_name}, that is scheduled for Friday 17:00. We need back: {device}, the "
                "badge and the phone. For the forwarding I need a yes from data protection; I have "
                "asked."
            ),
            note("Data protection agrees to four weeks with an absence note, not to three months of forwarding."),
            agent(
                "A short update: an automatic answer naming you is allowed, and forwarding for four "
                "weeks. Is that enough?"
            ),
            customer("Yes, fine."),
        ),
        tags=("offboarding", "permission"),
        priority=Priority.HIGH,
    ),
    _script(
        subject='"You do not have permission" in the project folder',
        opening=(
            "Since this morning I can open the project folder but not save anything in it. The "
            "message is:\n\n"
            "> You do not have permission to save in this location.\n\n"
            "Two colleagues have the same."
        ),
        tags=("permission", "files"),
    ),
)
