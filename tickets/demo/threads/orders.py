"""Conversations about: Orders and delivery."""

from __future__ import annotations

from functools import partial

from tickets.demo.script import CONFIRM, Script, agent, ask, customer, note, resolve
from tickets.states import Priority

_script = partial(Script, "billing", "orders-and-delivery")

ORDERS: tuple[Script, ...] = (
    _script(
        subject="Where is order {order}?",
        opening=(
            'We ordered on the 2nd and the page has said "preparing" since then. The technician who '
            "installs it comes on Friday. Will it be here?"
        ),
        steps=(
            note("Carrier has it in {city} since yesterday. Label torn, sorted by hand."),
            agent(
                "Hello {first_name}, the parcel lay in {city} with a torn label. It has a new one and"
                " travels tonight. I expect it on Thursday and will look again tomorrow at nine."
            ),
            customer("Thanks for being honest. Fingers crossed."),
            agent("It is on the van: today between 10 and 13."),
            resolve("Signed for at 11:52 by {person}."),
            CONFIRM,
        ),
        tags=("delivery", "tracking"),
    ),
    _script(
        subject="Wrong colour delivered with order {order}",
        opening=("We ordered twelve chairs in grey and got twelve in a very loud orange. They are funny, but no."),
        steps=(
            agent(
                "They are meant for a children's library, who must be sitting on grey ones now. I am "
                "sorry! The right ones leave tomorrow, and the driver takes the orange ones along."
            ),
            customer("Deal. We kept the boxes."),
            resolve("Exchange done today. Please confirm that all twelve are grey."),
            CONFIRM,
        ),
        tags=("delivery", "return"),
    ),
    _script(
        subject="Change delivery address of order {order}",
        opening=(
            "Please send order {order} to our warehouse in {city} instead of the office. Nobody is at"
            " the office next week."
        ),
        steps=(
            agent("Caught it in time: the address is changed, the delivery date stays."),
            resolve("You got a new confirmation by mail. Please check the street number."),
            CONFIRM,
        ),
        tags=("delivery", "address"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="Two items missing in the parcel",
        opening=(
            "Order {order}: the slip lists 14 items, the box has 12. Missing are:\n\n"
            "1. the power supply for {device}\n"
            "2. the longer network cable\n\n"
            "The box was closed and looked fine."
        ),
        steps=(
            agent(
                "Thank you for the exact list. The scale in the warehouse agrees with you: 1.1 kg too"
                " light. Both items go out today, free of charge of course."
            ),
            customer("Arrived this morning, complete."),
            resolve("Great, and thank you."),
            CONFIRM,
        ),
        tags=("delivery", "missing"),
    ),
    _script(
        subject="Cancel order {order} please",
        opening=(
            "We ordered the same thing twice, {person} and I, within the hour. Please cancel {order} "
            "and keep the other."
        ),
        steps=(
            resolve("Cancelled before it was packed, nothing was charged. Two people with the same good idea."),
            CONFIRM,
        ),
        tags=("order", "cancel"),
    ),
    _script(
        subject="Return without original box",
        opening=("Can we return {device} although the box is gone? It is unused, only the foil is off."),
        steps=(
            agent("Yes, if it travels safely. We can send you a neutral box with a label, it takes two days."),
            customer("Please do."),
            note("Box sent. Restocking as B stock, full refund agreed."),
            agent("The box is under way. The refund of {amount} starts when it arrives here."),
        ),
        tags=("return",),
        priority=Priority.LOW,
    ),
    _script(
        subject="Quote for 25 × {device}",
        opening=(
            "Hello, we are planning a new office in {city} and need 25 pieces of {device}, delivered "
            "in two parts, with four years of warranty. Could you send a quote by the end of next "
            "week? Prices without tax, please."
        ),
        steps=(
            note("Asked purchasing, 25 is the step where the price moves."),
            agent(
                "Thank you, {first_name}. From 25 pieces on there is a better price, so please do not"
                " split the order itself: we can split the delivery. The quote is attached and holds "
                "for 30 days."
            ),
            customer("Very helpful. One question: is on-site repair included?"),
            ask(
                "It is, on the next working day within the country. Would you like me to reserve "
                "stock until you decide?"
            ),
            customer("Yes please, until the 20th."),
        ),
        tags=("quote", "order"),
    ),
    _script(
        subject="Dañado durante el transporte: pedido {order}",
        opening=(
            "Buenos días, el pedido {order} llegó con la caja abierta y la pantalla rota. Hice fotos "
            "antes de firmar. Necesitamos otra antes del viernes."
        ),
        steps=(
            agent(
                "Buenos días, gracias por las fotos, con ellas el transportista paga sin discutir. La"
                " nueva pantalla sale hoy y llega el jueves."
            ),
            customer("Llegó hoy y está perfecta. ¡Muchas gracias!"),
            resolve("Me alegro mucho. No hace falta devolver la rota."),
            CONFIRM,
        ),
        tags=("delivery", "damage"),
        priority=Priority.HIGH,
        language="es",
    ),
    _script(
        subject="Delivery came at 6 in the morning",
        opening=(
            "The driver rang at ten past six. The night guard was kind and took it, but the contract "
            "says 8 to 16. Please remind them."
        ),
        steps=(agent("He should not have, and the carrier has it in writing now. Please thank your guard."),),
        tags=("delivery", "feedback"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Pallet will not fit through our door",
        opening=(
            "The truck is HERE and the pallet is wider than the door. The driver wants to leave in 20"
            " minutes. Order {order}. What now?"
        ),
        steps=(
            agent(
                "I have the driver's dispatcher on the phone. He waits, and he has a hand truck: "
                "please open the pallet on the pavement and bring the boxes in one by one. We pay the"
                " waiting time."
            ),
            customer("Done, with the help of half the accounting team."),
            resolve("Please thank them from us. I noted the width of the door on your account."),
            CONFIRM,
        ),
        tags=("delivery",),
        priority=Priority.EMERGENCY,
    ),
)
