"""Forty people who write to the demo desk, and where they work. All invented; every domain is reserved for examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Organization:
    """`shares_tickets`: its members see each other's tickets."""

    name: str
    domain: str
    zone: str
    shares_tickets: bool = False
    notes: str = ""


@dataclass(frozen=True)
class Customer:
    """`organization` is an organization's name or None; `first_name` is how an agent would address the person."""

    name: str
    first_name: str
    email: str
    organization: str | None
    language: str = "en"


ORGANIZATIONS = (
    Organization("Herrera Logistics", "herrera-logistics.example", "Europe/Madrid", True, "Key account since 2021."),
    Organization("Fischer & Söhne", "fischer-soehne.example", "Europe/Berlin"),
    Organization("Atelier Lumière", "atelier-lumiere.example", "Europe/Paris"),
    Organization("Lind Arkitektur", "lind-arkitektur.example", "Europe/Stockholm"),
    Organization("Tanaka Instruments", "tanaka-instruments.example", "Asia/Tokyo", True),
    Organization("Green Delta Farms", "greendelta.example", "Africa/Lagos"),
    Organization("Raman Textiles", "raman-textiles.example", "Asia/Kolkata", notes="Prefers calls before noon."),
    Organization("Haddad Trading", "haddad-trading.example", "Asia/Beirut"),
    Organization("Kowalski Print", "kowalski-print.example", "Europe/Warsaw"),
    Organization("Harbour Street Clinic", "harbourclinic.example", "Europe/Dublin", True, "Never send health data."),
)

_HERRERA, _FISCHER, _LUMIERE, _LIND, _TANAKA, _DELTA, _RAMAN, _HADDAD, _KOWALSKI, _CLINIC = (
    organization.name for organization in ORGANIZATIONS
)

CUSTOMERS = (
    Customer("Tomás Herrera", "Tomás", "tomas@herrera-logistics.example", _HERRERA, "es"),
    Customer("Inés Caballero", "Inés", "ines@herrera-logistics.example", _HERRERA, "es"),
    Customer("Nuria Peña Soto", "Nuria", "nuria@herrera-logistics.example", _HERRERA, "es"),
    Customer("Óscar Ibáñez", "Óscar", "oscar@herrera-logistics.example", _HERRERA, "es"),
    Customer("Lena Fischer", "Lena", "lena@fischer-soehne.example", _FISCHER, "de"),
    Customer("Jürgen Groß", "Jürgen", "juergen.gross@fischer-soehne.example", _FISCHER, "de"),
    Customer("Käthe Österreicher", "Käthe", "kaethe@fischer-soehne.example", _FISCHER, "de"),
    Customer("Deniz Yıldırım", "Deniz", "deniz@fischer-soehne.example", _FISCHER, "de"),
    Customer("Hélène Marchand", "Hélène", "helene@atelier-lumiere.example", _LUMIERE, "fr"),
    Customer("François Lefèvre", "François", "francois@atelier-lumiere.example", _LUMIERE, "fr"),
    Customer("Aïcha Benali", "Aïcha", "aicha@atelier-lumiere.example", _LUMIERE, "fr"),
    Customer("Jonas Lind", "Jonas", "jonas@lind-arkitektur.example", _LIND),
    Customer("Åsa Nyström", "Åsa", "asa@lind-arkitektur.example", _LIND),
    Customer("Søren Kjærgaard", "Søren", "soren@lind-arkitektur.example", _LIND),
    Customer("Mei Tanaka", "Mei", "mei@tanaka-instruments.example", _TANAKA),
    Customer("田中 健一", "田中様", "kenichi@tanaka-instruments.example", _TANAKA),
    Customer("Yūko Mori", "Yūko", "yuko@tanaka-instruments.example", _TANAKA),
    Customer("Olu Adeyemi", "Olu", "olu@greendelta.example", _DELTA),
    Customer("Ngozi Ọkọnkwọ", "Ngozi", "ngozi@greendelta.example", _DELTA),
    Customer("Ibrahim Sani", "Ibrahim", "ibrahim@greendelta.example", _DELTA),
    Customer("Grace Uche", "Grace", "grace@greendelta.example", _DELTA),
    Customer("Priya Raman", "Priya", "priya@raman-textiles.example", _RAMAN),
    Customer("Arjun Iyer", "Arjun", "arjun@raman-textiles.example", _RAMAN),
    Customer("Lakshmi Venkataraghavan", "Lakshmi", "lakshmi@raman-textiles.example", _RAMAN),
    Customer("Amira Haddad", "Amira", "amira@haddad-trading.example", _HADDAD),
    Customer("سامي حداد", "سامي", "sami@haddad-trading.example", _HADDAD, "ar"),
    Customer("Rami Khoury", "Rami", "rami@haddad-trading.example", _HADDAD, "ar"),
    Customer("Łukasz Kowalski", "Łukasz", "lukasz@kowalski-print.example", _KOWALSKI),
    Customer("Zofia Dąbrowska", "Zofia", "zofia@kowalski-print.example", _KOWALSKI),
    Customer("Věra Šimková", "Věra", "vera@kowalski-print.example", _KOWALSKI),
    Customer("Siobhán O'Dwyer", "Siobhán", "siobhan@harbourclinic.example", _CLINIC),
    Customer("Dr. Kofi Asante-Brown", "Kofi", "kofi@harbourclinic.example", _CLINIC),
    Customer("Maeve Quinlan", "Maeve", "maeve@harbourclinic.example", _CLINIC),
    Customer("Tadhg Ó Briain", "Tadhg", "tadhg@harbourclinic.example", _CLINIC),
    Customer("Nguyễn Thị Lan", "Lan", "lan.nguyen@postbox.example", None),
    Customer("Δήμητρα Παπαδάκη", "Δήμητρα", "dimitra@postbox.example", None),
    Customer("Оксана Мельник", "Оксана", "oksana.melnyk@postbox.example", None),
    Customer("Wren Taylor", "Wren", "wren@quietmail.example", None),
    Customer("Beatriz Gonçalves", "Beatriz", "bia.goncalves@quietmail.example", None),
    Customer("Suda", "Suda", "suda@quietmail.example", None),
)
