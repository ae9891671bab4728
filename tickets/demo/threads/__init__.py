"""All demo conversations, one module for each help topic."""

from __future__ import annotations

from tickets.demo.script import Script
from tickets.demo.threads.access import ACCESS
from tickets.demo.threads.devices import DEVICES
from tickets.demo.threads.invoices import INVOICES
from tickets.demo.threads.network import NETWORK
from tickets.demo.threads.office import OFFICE
from tickets.demo.threads.orders import ORDERS
from tickets.demo.threads.other import OTHER
from tickets.demo.threads.rooms import ROOMS

SCRIPTS: tuple[Script, ...] = ACCESS + DEVICES + NETWORK + OTHER + INVOICES + ORDERS + OFFICE + ROOMS
