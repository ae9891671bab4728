"""Conversations about: Office and building."""

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

_script = partial(Script, "facilities", "office-and-building")

OFFICE: tuple[Script, ...] = (
    _script(
        subject="Badge reader at the north door refuses cards",
        opening=(
            "The reader at the north door shows red for everybody since seven. People walk around the"
            " building in the rain."
        ),
        steps=(
            note("Controller 3 lost its clock. Restarted from the panel."),
            agent(
                "The door computer had the wrong date and thought it was Sunday. It works again. You "
                "can all come in from the rain."
            ),
            customer("Confirmed, green."),
            resolve("We also set up a warning, so next time we know before you get wet."),
            CONFIRM,
            reopen("It burns red again! Same as last week, two of us are locked out on the terrace."),
            agent("On my way with the key, and the electrician comes at 14:00: we change the whole controller."),
            note("New controller fitted, battery of the old one was flat."),
            resolve("The controller is new. I tried thirty cards, all green."),
        ),
        tags=("badge", "door"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Lost badge number {badge}",
        opening=(
            "I cannot find my badge since the weekend, number {badge}. I looked everywhere, even under the car seats."
        ),
        steps=(
            agent("It is blocked. A new one is ready at the reception, please bring something with a photo."),
            customer("Got it. The photo is terrible, but it opens doors."),
            resolve("We can take a new picture any Tuesday. Light is better then."),
            CONFIRM,
        ),
        tags=("badge", "lost"),
    ),
    _script(
        subject="It is 17 degrees in {room}",
        opening=(
            "We sit here in coats. The thermostat in {room} is at five, the radiator is cold at the "
            "bottom and warm at the top. {person} has gone home because of it."
        ),
        steps=(
            agent(
                "Cold at the bottom means air or dirt in the valve. Our plumber is in the building "
                "and comes before noon. There are two heaters at the reception until then."
            ),
            note("Valve stuck since summer. Exchanged, the ones next door should be checked too."),
            customer("20 degrees and rising. The coats are off."),
            resolve("Thank you for the description, it saved us a search."),
            CONFIRM,
        ),
        tags=("heating",),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Lamp flickers above my desk",
        opening=("The lamp above the third desk in {room} flickers. Not much, but all day."),
        steps=(
            agent("The starter is tired. We come on Thursday after five so that nobody is disturbed."),
            resolve("Exchanged, together with its neighbour."),
            CONFIRM,
        ),
        tags=("light",),
        priority=Priority.LOW,
    ),
    _script(
        subject="Water on the floor of the kitchen, second floor",
        opening=(
            "There is water coming from under the dishwasher, quite a lot, and it runs towards the "
            "corridor with the sockets."
        ),
        steps=(
            agent(
                "Please keep everybody out and do not touch anything electric. I have switched off "
                "the sockets from here and {person} is closing the water. We are there in three "
                "minutes."
            ),
            note(
                "Hose clamp of the dishwasher. Dried, floor sockets measured by the electrician: "
                "fine. Damage report sent to the insurer."
            ),
            resolve(
                "The leak is closed and the corridor is dry. The dishwasher is back tomorrow; there "
                "is a tray with clean cups until then."
            ),
            CONFIRM,
        ),
        tags=("water",),
        priority=Priority.EMERGENCY,
    ),
    _script(
        subject="Parking space for a visitor with a wheelchair",
        opening=(
            "On Tuesday at 10 we have a visitor who uses a wheelchair and comes by car. Which space "
            "is best, and is the lift at the west side working?"
        ),
        steps=(
            agent(
                "Space 4 next to the west entrance is reserved under your name from 9 to 13. The lift"
                " works; the door next to it is heavy, so reception will open it. Should we have a "
                "ramp ready for {room}?"
            ),
            customer("Yes please, that would be very kind."),
            resolve("All is prepared. Reception has your number in case the visitor is early."),
            CONFIRM,
        ),
        tags=("parking", "access"),
    ),
    _script(
        subject="Strange smell near the server room",
        opening=(
            "There is a smell like warm plastic in the corridor. Not strong. Probably nothing, but I would rather ask."
        ),
        steps=(
            note("Checked with the heat camera: a charger for the floor cleaner, 71 degrees. Unplugged, taken away."),
            resolve(
                "You were right to ask: the charger of the cleaning machine was getting too hot. It "
                "is out of the house now."
            ),
            CONFIRM,
        ),
        tags=("smell", "safety"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Heizung rauscht die ganze Zeit",
        opening=(
            "Hallo zusammen, in {room} rauscht die Heizung so laut, dass man beim Telefonieren denkt,"
            " es regnet. Könnt ihr mal hören kommen?"
        ),
        steps=(
            agent(
                "Hallo, das klingt nach Luft in der Leitung. Wir kommen morgen früh vor acht und "
                "entlüften den ganzen Strang."
            ),
            resolve("Erledigt, es war ziemlich viel Luft. Bitte kurz bestätigen, ob jetzt Ruhe ist."),
            CONFIRM,
        ),
        tags=("heating", "noise"),
        priority=Priority.LOW,
        language="de",
    ),
    _script(
        subject="Bees at the window of {room}",
        opening=(
            "I like bees, but there are now perhaps two hundred of them at the window frame. We keep "
            "it closed. Nobody is stung."
        ),
        steps=(
            agent(
                "How lovely and how inconvenient. A beekeeper from {city} comes at four to collect "
                "the swarm. Please leave the window closed and let them rest."
            ),
            customer("He came, he was delighted, and we get a jar of honey."),
            resolve("Best ticket of the week."),
            CONFIRM,
        ),
        tags=("animals",),
    ),
    _script(
        subject="Door of the bicycle cellar does not lock",
        opening=("You can just push it open. Mine is the blue one with the basket and I am attached to it."),
        tags=("door", "bicycle"),
    ),
    _script(
        subject="Desk that goes up and down",
        opening=(
            "My doctor recommends working standing for part of the day. I have a letter, do you need "
            "it? I sit in {room}."
        ),
        steps=(
            ask(
                "No letter needed, and please do not send it: we do not want to keep medical papers. "
                "A desk is free from the 12th. Morning or afternoon for the exchange?"
            ),
            customer("Morning, before nine."),
        ),
        tags=("furniture",),
        priority=Priority.LOW,
    ),
)
