"""Conversations about: Rooms and events."""

from __future__ import annotations

from functools import partial

from tickets.demo.script import CONFIRM, Script, agent, customer, note, reopen, resolve
from tickets.states import Priority

_script = partial(Script, "facilities", "rooms-and-events")

ROOMS: tuple[Script, ...] = (
    _script(
        subject="Projector in {room} shows everything in green",
        opening=("Our pictures are all green. I do sell plants, but still."),
        steps=(
            agent(
                "The cable has lost its red. There is a spare one in the drawer under the table, and "
                "I bring a new one this afternoon."
            ),
            customer("The spare one works."),
            resolve("The new cable is in, and there is a spare in the drawer again."),
            CONFIRM,
        ),
        tags=("projector", "room"),
    ),
    _script(
        subject="Double booking of {room} on Wednesday",
        opening=(
            "Two of us have a confirmation for {room} on Wednesday at 10. We are twelve people with "
            "visitors from {city}; the other group is four. Can you decide for us?"
        ),
        steps=(
            agent(
                "The other group kindly moves to the small room next door. It was our mistake: one "
                "booking came by phone and was typed in late. Coffee is on us for both."
            ),
            customer("Very elegant, thank you."),
            resolve("Both confirmations are right now. Enjoy the visit."),
            CONFIRM,
        ),
        tags=("booking",),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Catering for 30 on the 14th",
        opening=(
            "We would like lunch for 30 in {room} on the 14th at 12:30. Of these:\n\n"
            "- 6 vegetarian\n"
            "- 2 vegan\n"
            "- 1 without nuts (serious allergy)\n\n"
            "Something warm, if possible."
        ),
        steps=(
            agent(
                "Happy to. Soup, two warm dishes and salad, everything labelled. The kitchen leaves "
                "nuts out of the whole meal, that is safer. Price: {amount}. Shall I order?"
            ),
            customer("Please. Cost centre 2280."),
            note("Kitchen confirmed by phone: no nuts, separate boards."),
            resolve("Ordered and confirmed. The tables are set from 12:00."),
            CONFIRM,
        ),
        tags=("catering", "booking"),
    ),
    _script(
        subject="Post for {person} goes to the wrong floor",
        opening=(
            "Letters for {person} land on our floor every day. We carry them up, but it would be nice"
            " if they knew the way themselves."
        ),
        steps=(
            agent("The list in the post room still had the desk from before the move. It is corrected."),
            resolve("The sorting box has a new label as well."),
            CONFIRM,
            reopen("Three letters again today..."),
            agent("The holiday replacement had printed the old list. I have taken that printout off the wall myself."),
        ),
        tags=("post",),
        priority=Priority.LOW,
    ),
    _script(
        subject="Courier pickup today, 15:00",
        opening=(
            "I need a courier for a contract, to {city}, must be there tomorrow at nine. Can you arrange it today?"
        ),
        steps=(
            agent("Picked up at 14:40 from your desk. You get the number by text message."),
            resolve("Delivered at 08:31, signed."),
            CONFIRM,
        ),
        tags=("post", "courier"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Microphones in {room} echo",
        opening=(
            "People at the other end hear themselves. It happens only when the wall is open and the "
            "room is one big hall."
        ),
        steps=(
            note("The two halves have a microphone system each and both were on. Needs a preset for the open wall."),
            agent(
                'Both halves were listening at once. There is now a button "One hall" on the panel by'
                " the door. Please press it when the wall is open."
            ),
            customer("Tested with {person}: no echo."),
            resolve("Very good. A small sign goes next to the button."),
            CONFIRM,
        ),
        tags=("audio", "room"),
    ),
    _script(
        subject="Réservation de {room} pour un atelier",
        opening=(
            "Bonjour, nous aimerions réserver {room} pour un atelier de deux jours, le 21 et le 22, "
            "avec des tables en îlots pour 18 personnes. Est-ce possible d'avoir aussi deux tableaux "
            "blancs ?"
        ),
        steps=(
            agent(
                "Bonjour, la salle est libre les deux jours. Les îlots et les tableaux seront prêts "
                "la veille à 17 heures. Voulez-vous du café le matin ?"
            ),
            customer("Oui, merci, à 8h45."),
            resolve("Tout est réservé, la confirmation est dans votre calendrier."),
            CONFIRM,
        ),
        tags=("booking",),
        language="fr",
    ),
    _script(
        subject="The panel outside {room} shows yesterday",
        opening=("The little screen at the door shows yesterday's meetings, so nobody knows whether the room is free."),
        steps=(
            resolve("It had lost the network during the night. Restarted, and it shows today."),
            CONFIRM,
        ),
        tags=("panel", "room"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Can we hold a blood donation day in {room}?",
        opening=(
            "The local blood service asks whether we could host them for a day in {month}. They need "
            "one large room with a floor that can be wiped, a small room to rest, and parking for a "
            "van. I would organise everything else."
        ),
        steps=(
            agent(
                "What a good idea. {room} fits, and the small room next to it has a sofa. I need the "
                "dates and the name of their contact for the insurance."
            ),
            customer("I will ask and come back to you."),
            note("Insurer has no objection. Fire officer wants the corridor kept free."),
        ),
        tags=("event", "request"),
    ),
    _script(
        subject="Chairs in {room}: nine of twelve left",
        opening=("Three chairs have emigrated. We sit on window sills."),
        tags=("furniture", "room"),
        priority=Priority.LOW,
    ),
)
