"""Conversations about: Something else."""

from __future__ import annotations

from functools import partial

from tickets.demo.script import CONFIRM, Script, agent, ask, customer, note, resolve
from tickets.states import Priority

_script = partial(Script, "support", "something-else")

OTHER: tuple[Script, ...] = (
    _script(
        subject="Export of the time sheet stops at 10,000 rows",
        opening=(
            "When I export the time sheet of the whole year, the file ends after exactly 10,000 rows,"
            " without a word. I noticed only because the total was too small."
        ),
        steps=(
            agent(
                "That limit is real and should at least be mentioned. If you export by half-year, "
                "both parts are complete. I have reported the missing message to the makers."
            ),
            customer("Perfect, the split works. One more question: can the columns keep their order?"),
            agent('Yes: save your layout under "My layouts" before the export, then it is used for every file.'),
            resolve("The makers answered: a warning comes with the next version."),
            CONFIRM,
        ),
        tags=("export", "timesheet"),
    ),
    _script(
        subject="Praise for your colleague {person}",
        opening=(
            "Not a problem, for once. {person} stayed an hour longer yesterday to save my "
            "presentation. Please tell whoever should know."
        ),
        steps=(
            resolve("We read it out this morning and there was applause. Thank you for taking the time."),
            CONFIRM,
        ),
        tags=("feedback",),
        priority=Priority.LOW,
    ),
    _script(
        subject="How long do you keep my messages?",
        opening=(
            "For our records: how long do you store tickets and attachments, and who can read them? "
            "Our data protection officer {person} asks."
        ),
        steps=(
            agent(
                "Tickets stay readable for you for two years after closing, then they are archived, "
                "and after six years they are erased. Only the department that works on a ticket can "
                "read it. Attachments follow the same rule."
            ),
            customer("Clear answer, thank you. Do you have that as a document?"),
            resolve("It is attached, with the date and the version."),
            CONFIRM,
        ),
        tags=("privacy", "question"),
    ),
    _script(
        subject="Training for new staff in the time sheet",
        opening=("We have six new colleagues in {month}. Is there a short training for the time sheet, about an hour?"),
        steps=(
            ask(
                "There is, every first Tuesday at 10, online. For six people we can also come to you."
                " What would you prefer?"
            ),
            customer("If you come to us: {room} is free on the second Monday."),
            agent("Booked, second Monday, 10 to 11 in {room}. Please have them bring their computers."),
        ),
        tags=("training",),
        priority=Priority.LOW,
    ),
    _script(
        subject="Two desks, one question",
        opening=(
            "I wrote to billing about {invoice} and they said it is for support, and support said "
            "billing. I do not mind who, I only want to know why the service was paid but is not "
            "active."
        ),
        steps=(
            note(
                "Order activated in billing but the key was never sent. Classic gap between the two "
                "systems. I take it, whatever the department."
            ),
            agent(
                "Hello {first_name}, this is {agent}, and it stays with me from beginning to end. The"
                " service was paid and nobody pressed the second button. It is active, and I added a "
                "month because you lost one."
            ),
            customer("Finally! Thank you, {agent}. That is how it should be."),
            resolve("We now check that list every morning."),
            CONFIRM,
        ),
        tags=("question",),
    ),
    _script(
        subject="Translation of the safety sheet",
        opening=(
            "The safety sheet at the loading dock is only in English. Half of the night shift reads "
            "Polish and Romanian better. Can you have it translated?"
        ),
        steps=(
            agent(
                "You are right, and it is required by law as well. Polish and Romanian are ordered "
                "and come within a week."
            ),
            note("Ask whether Ukrainian is needed too."),
            ask("Both are printed and on the wall. Would Ukrainian help too?"),
            customer("Yes, three colleagues would be glad."),
        ),
        tags=("translation", "safety"),
    ),
    _script(
        subject="Charity run: may we put up posters?",
        opening=("Our team runs for the children's hospital in {city} on the 9th. May we put posters in the lifts?"),
        steps=(
            resolve("Of course, next to the mirrors please, and without tape on the steel. Good luck, we will cheer."),
            CONFIRM,
        ),
        tags=("event", "question"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Fehlermeldung, die ich nicht verstehe",
        opening=(
            "Guten Tag, beim Speichern im Zeiterfassungsprogramm kommt seit heute:\n\n"
            "> Vorgang 7 konnte nicht beendet werden, weil Vorgang 7 noch läuft.\n\n"
            "Das klingt philosophisch. Was soll ich tun?"
        ),
        steps=(
            agent(
                "Guten Tag, das ist wirklich eine schöne Meldung. Das Programm ist bei Ihnen zweimal "
                "offen, einmal davon unsichtbar. Bitte einmal abmelden und wieder anmelden."
            ),
            customer("Jetzt geht es. Vorgang 7 hat seinen Frieden."),
            resolve("Das freut uns für Vorgang 7."),
            CONFIRM,
        ),
        tags=("question", "error"),
        language="de",
    ),
    _script(
        subject="I am not sure where to ask this",
        opening=("My chair, my password and my last invoice ({invoice}) all have a problem. Do I need three tickets?"),
        steps=(
            agent(
                "One is enough for us to begin: I made three out of it, and you find them linked. "
                "Somebody from each department writes to you today."
            ),
            customer("That was easy."),
            resolve("The other two go on by themselves; I close this one when you confirm."),
            CONFIRM,
        ),
        tags=("question",),
    ),
    _script(
        subject="Unsubscribe me from the newsletter",
        opening=("Fourth time I ask. Please."),
        steps=(
            agent(
                "Fourth time is three too many. I removed {first_name} from all lists by hand and "
                "checked it: nothing will come."
            ),
            resolve("If anything does arrive after today, please reply here and it lands on my desk directly."),
            CONFIRM,
        ),
        tags=("newsletter",),
        priority=Priority.LOW,
    ),
    _script(
        subject="The survey link leads nowhere",
        opening=(
            "You asked me how satisfied I am, and the link shows an empty page. So: quite satisfied, "
            "except with the link."
        ),
        tags=("survey",),
        priority=Priority.LOW,
    ),
)
