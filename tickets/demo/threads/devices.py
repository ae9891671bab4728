"""Conversations about: Computer or phone."""

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

_script = partial(Script, "support", "computer-or-phone")

DEVICES: tuple[Script, ...] = (
    _script(
        subject="Laptop fan loud after standby",
        opening=(
            "When I open the lid in the morning, the fan of my {device} runs at full speed for about "
            "half an hour. It is so loud that people ask about it in meetings."
        ),
        steps=(
            ask(
                "Good morning {first_name}. That sounds like an update that never finishes. Could you"
                " send me the serial number on the underside and tell me whether it also happens on "
                "the charger?"
            ),
            customer("The serial is NW-{order}. Yes, it happens with and without."),
            agent(
                "Thank you. I queued a firmware update for that machine. Please leave it on and plugged in over lunch."
            ),
            customer("Quiet as a library today."),
            resolve("Lovely. It will stay like that."),
            CONFIRM,
        ),
        tags=("laptop", "hardware"),
    ),
    _script(
        subject="Screen stays black on the docking station",
        opening=(
            "Both monitors at my desk stay black when I put {device} on the dock. Keyboard and mouse "
            "work. I tried another cable."
        ),
        steps=(
            agent(
                "Please unplug the dock from the wall for thirty seconds, not only from the computer."
                " It often forgets its screens after a power cut, and there was one on Sunday."
            ),
            customer("One of two works now."),
            agent(
                "Then the second cable is in the wrong socket: the one next to the network plug "
                "carries no picture. Please use the upper one."
            ),
            customer("Ha. Yes. Thank you."),
            resolve("With pleasure."),
            CONFIRM,
        ),
        tags=("monitor", "dock"),
    ),
    _script(
        subject="Lost phone on the train",
        opening=(
            "I left my work phone on the train to {city} an hour ago. It has mail and the "
            "authenticator on it. The lost property office opens tomorrow."
        ),
        steps=(
            agent(
                "I am sorry to hear that. The phone is locked and will erase itself as soon as it is "
                "online. Your mail password does not need changing. You can pick up a replacement "
                "today until 18:00."
            ),
            note(
                "SIM blocked with the carrier, case number in the attachment. Replacement from stock:"
                " the last one, order more."
            ),
            customer("Picked it up, everything is set up. You are my heroes."),
            resolve("We are glad. If the old one is found, bring it by: it cannot be used without us."),
            CONFIRM,
        ),
        tags=("phone", "lost", "security"),
        priority=Priority.EMERGENCY,
    ),
    _script(
        subject="Printer {printer} prints stripes",
        opening=(
            "{printer} prints grey stripes over every page since yesterday. We printed a cleaning "
            "page three times already."
        ),
        steps=(
            note("Drum at 2 percent. Ordered, comes with the Thursday delivery."),
            agent(
                "Hello {first_name}, the drum is at its end and a new one comes on Thursday. Until "
                "then please use the printer one floor up, it is already in your list."
            ),
            customer("OK, thank you."),
            resolve("The new drum is in and a test page is clean."),
        ),
        tags=("printer",),
        priority=Priority.LOW,
    ),
    _script(
        subject="Need a second monitor for working at home",
        opening=(
            "My team lead {person} agreed to a second monitor for my desk at home. Which form do I "
            "need? And does somebody carry it, or do I come by car?"
        ),
        steps=(
            agent(
                "No form, this message with the name of {person} is enough. We send it by parcel to "
                "your home address, it takes about four days."
            ),
            customer("Wonderful. Please to the address in the personnel file."),
            note("Shipped, order {order}."),
            resolve("It is on the way under order {order}. Please keep the box for a month in case it arrives broken."),
            CONFIRM,
            reopen("The parcel came today and the panel has a crack in the lower corner. I have the box."),
            agent(
                "What a pity. A courier collects it tomorrow between 9 and 12 and brings a new one at the same time."
            ),
        ),
        tags=("monitor", "order"),
        priority=Priority.LOW,
    ),
    _script(
        subject="{device} is very slow since the last update",
        opening=(
            "Everything takes forever: starting takes six minutes, opening a table another two. My "
            "colleague has the same model and no trouble. I already restarted several times."
        ),
        steps=(
            ask(
                "I looked from here: the disk is almost full, 2 GB of 256 GB are free. There is a "
                "folder with 140 GB of videos in Downloads. May we move it to the archive?"
            ),
            customer("Oh! Those are recordings of trainings. Yes, please move them."),
            agent("They are moving now, about an hour. You can go on working."),
            resolve("138 GB free again, the start takes 40 seconds. The videos are in your archive folder."),
            CONFIRM,
        ),
        tags=("laptop", "performance"),
    ),
    _script(
        subject="Keyboard with French layout, please",
        opening=(
            "I moved from our Lyon office and would love to have my accents back. Is an AZERTY keyboard possible?"
        ),
        steps=(
            resolve("It is, and we have one on the shelf. Come by whenever you like between 9 and 16."),
            CONFIRM,
        ),
        tags=("hardware", "keyboard"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Le portable ne démarre plus",
        opening=(
            "Bonjour, mon {device} ne démarre plus depuis ce matin. Le voyant clignote trois fois, "
            "puis plus rien. J'ai une présentation demain à {city} et je n'ai pas de copie des "
            "diapositives."
        ),
        steps=(
            agent(
                "Bonjour, trois clignotements veulent dire que la mémoire n'est pas reconnue. "
                "Apportez-le au bureau du rez-de-chaussée, nous vous prêtons un autre appareil en "
                "attendant."
            ),
            customer("Je passe à 14 heures. Et mes fichiers ?"),
            agent(
                "Tout ce qui était dans Documents est déjà sur le portable de prêt, y compris les "
                "diapositives d'hier soir."
            ),
            resolve("La barrette est remplacée. Vous pouvez échanger les appareils quand vous voulez."),
            CONFIRM,
        ),
        tags=("laptop", "hardware"),
        priority=Priority.HIGH,
        language="fr",
    ),
    _script(
        subject="Old laptops in our cupboard",
        opening=(
            "While tidying we found seven old laptops and a box of chargers. Nobody knows what is on "
            "them. Who takes them?"
        ),
        steps=(
            agent(
                "We do. Please do not switch them on, some still hold data. {person} comes with a trolley on Wednesday."
            ),
            note("Two are not in the inventory at all. Wipe with certificate, then recycling."),
        ),
        tags=("hardware", "disposal"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Headset: they hear me, I hear nothing",
        opening=("Since this morning in every call. The headset is a month old. Calls from the phone are fine."),
        tags=("headset", "audio"),
    ),
)
