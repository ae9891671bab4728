"""Values for the slots of the demo conversations. Products, people and numbers are invented."""

from __future__ import annotations

SLOTS: dict[str, tuple[str, ...]] = {
    "amount": ("€ 48.20", "€ 129.00", "€ 264.90", "€ 318.75", "€ 742.10", "€ 1,190.00", "€ 2,405.60", "€ 3,870.00"),
    "badge": ("10472", "10833", "11209", "11576", "12044", "12391", "12760", "13118"),
    "city": ("Basel", "Bologna", "Cork", "Gdańsk", "Ghent", "Graz", "Leipzig", "Lyon", "Porto", "Turku", "Valencia"),
    "device": ("Larch 13", "Larch 14", "Birch 15", "Birch 15 Plus", "Alder 16", "Rowan 12", "Aspen 14", "Hazel 13"),
    "invoice": ("2231", "2248", "2305", "2317", "2362", "2419", "2476", "2503", "2558", "2590", "2614", "2677"),
    "month": ("January", "February", "March", "April", "May", "June", "September", "October", "November"),
    "order": ("70318", "70455", "70592", "70637", "70801", "70946", "71020", "71188", "71263", "71409", "71530"),
    "person": (
        "Alma Reyes",
        "Bram Visser",
        "Chidi Eze",
        "Dorota Wilk",
        "Elif Kaya",
        "Gareth Pugh-Lewis",
        "Hana Sato",
        "Ivo Petrov",
        "Jelena Marić",
        "Kwame Boateng",
        "Lucía Prieto",
        "Mats Ekström",
    ),
    "printer": ("Printer 2-West", "Printer 3-East", "Printer 1-Lobby", "Printer 4-North", "Printer 2-Studio"),
    "room": ("Aurora", "Borealis", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbour", "Lagoon", "Meadow"),
    "team": ("the sales team", "the design team", "the logistics team", "the legal team", "the training team"),
}
