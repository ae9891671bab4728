"""Conversations about: Network and VPN."""

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

_script = partial(Script, "support", "network-and-vpn")

NETWORK: tuple[Script, ...] = (
    _script(
        subject="VPN drops every ten minutes since the update",
        opening=(
            "It is the third day: I connect from home, and after about ten minutes the connection is "
            "gone. The light of the router stays green. I attach the log of this morning, maybe it "
            "tells you something.\n\n"
            "- 08:02 connected\n"
            '- 08:13 "peer not responding"\n'
            "- 08:14 connected\n"
            '- 08:24 "peer not responding"'
        ),
        steps=(
            note("Same pattern in four other tickets, all with client 5.2. Rekey interval halved with the update."),
            agent(
                "Thank you for the log, {first_name}, it shows the reason: the new client renews its "
                "key too often and some routers take that badly. I moved you to the earlier setting. "
                "Please disconnect once and connect again."
            ),
            customer("Forty minutes and counting. Looks good!"),
            resolve("We have now changed the setting for everybody. Thank you for the patience."),
            CONFIRM,
            reopen("It is off again, and the light still blinks. Same as last week."),
            agent(
                "I see that your client went back to the old profile when it updated itself last "
                "night. I have locked the profile now."
            ),
            resolve("Stable since yesterday noon on our side. Please confirm when you have worked a full day."),
        ),
        tags=("vpn", "network"),
        priority=Priority.HIGH,
    ),
    _script(
        subject="No wifi in {room}",
        opening=(
            "Wifi in {room} is gone since this morning, all five of us use our phones now. One "
            "corridor further it works."
        ),
        steps=(
            note("Access point without power. Switch port went down at 06:40, loop protection."),
            agent(
                "We found it: somebody plugged both ends of a cable into the wall and the switch "
                "protected itself. Wifi is back."
            ),
            customer("It is. The cable was our intern, he says sorry."),
            resolve("He found a good test case for us. No harm done."),
            CONFIRM,
        ),
        tags=("wifi",),
    ),
    _script(
        subject="Guest wifi for forty visitors on Thursday",
        opening=(
            "We have forty visitors in {room} on Thursday from 9 to 17. Can we get one password for "
            "all of them instead of forty slips of paper?"
        ),
        steps=(
            agent(
                'Yes. I made an access for Thursday only, name "northwind-guests". The password comes'
                " by a separate message so that it is not in this thread. The room can take sixty "
                "devices."
            ),
            customer("Received. Will it also work in the canteen?"),
            agent("It works on the whole ground floor."),
            resolve("Have a good day on Thursday."),
            CONFIRM,
        ),
        tags=("wifi", "guests"),
    ),
    _script(
        subject="Video calls freeze in the afternoon",
        opening=(
            "Every afternoon between two and four my calls freeze, mostly when I share the screen. "
            "Colleagues in other rooms say the same. Mornings are perfect."
        ),
        steps=(
            ask("Could you note two or three exact times today? Then I can compare them with the load on the line."),
            customer("14:07, 14:31 and a very bad one at 15:10."),
            note(
                "Matches the off-site copy job of the design server. It was moved from night to day "
                "by mistake after the power cut."
            ),
            agent(
                "Your times were exactly what we needed: a large copy job ran in the afternoon "
                "instead of at night. It is back at night from today."
            ),
            resolve("Line load this afternoon was under 40 percent. I am optimistic."),
            CONFIRM,
        ),
        tags=("network", "video"),
    ),
    _script(
        subject="Cannot reach the time sheet from abroad",
        opening=(
            'I am in {city} this week and the time sheet page says "not available in your region". VPN is connected.'
        ),
        steps=(
            agent(
                "Your trip was not announced to us, so the gate is careful. I opened it for you until"
                " Sunday. Please try in ten minutes."
            ),
            customer("Works. Next time I will tell you before."),
            resolve("Safe travels."),
            CONFIRM,
        ),
        tags=("vpn", "abroad"),
    ),
    _script(
        subject="El VPN no acepta el código",
        opening=(
            "Hola, desde ayer el VPN rechaza el código de seis cifras. La hora del móvil es correcta,"
            " creo. ¿Qué puedo hacer?"
        ),
        steps=(
            ask(
                "Hola, ¿puede mirar si en los ajustes del móvil la hora está en automático? Con medio"
                " minuto de diferencia ya no funciona."
            ),
            customer("Estaba en manual, con casi dos minutos de diferencia. Ahora funciona."),
            resolve("Perfecto. Gracias por comprobarlo tan rápido."),
            CONFIRM,
        ),
        tags=("vpn",),
        language="es",
    ),
    _script(
        subject="Website of a supplier is blocked",
        opening=(
            'Our supplier moved to a new site and the filter says "newly registered". We need it to '
            "order paint samples. The address is in the screenshot."
        ),
        steps=(
            note("Checked: domain is two weeks old, company register matches, certificate fine."),
            resolve("We checked it and opened it for everybody. It can take up to fifteen minutes."),
            CONFIRM,
        ),
        tags=("web", "filter"),
        priority=Priority.LOW,
    ),
    _script(
        subject="Upload to customer stops at 2 GB",
        opening=(
            "I need to send 6 GB of drawings to a customer by Wednesday. Mail is hopeless and the "
            "upload stops at 2 GB. How do others do this?"
        ),
        steps=(
            agent(
                "There is a transfer page for this, up to 50 GB, and the customer needs no account. I"
                " sent you an invitation. The link you create expires after a week."
            ),
            customer("It says my browser is too old."),
            agent("It needs the newer one, called Browser (2026) in your start menu. Same bookmarks."),
            customer("Uploading now. 20 minutes. Thanks."),
        ),
        tags=("network", "files"),
    ),
    _script(
        subject="Desk in {room}: network socket dead",
        opening=(
            "The network socket at the window desk in {room} does nothing. The one at the door works,"
            " but the cable lies across the floor and somebody will fall."
        ),
        tags=("network", "socket"),
        priority=Priority.LOW,
    ),
)
