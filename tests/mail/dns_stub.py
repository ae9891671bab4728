"""A DNS server on loopback that answers from a dict, and one that never answers."""

from __future__ import annotations

import contextlib
import socket
import threading

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsStub:
    """`records` maps (name, "TXT" or "MX") to values as a zone file has them. While `is_mute` nobody is answered."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.is_mute = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def txt(self, name: str, *values: str) -> None:
        """Long values are cut into pieces of 255 octets, as they have to be."""
        pieces = [" ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255)) for value in values]
        self.records[name, "TXT"] = pieces

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data, who = self._socket.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            if not self.is_mute:
                self._socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), who)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message:
        answer, question = dns.message.make_response(asked), asked.question[0]
        key = (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        if values := self.records.get(key):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", key[1], *values))
        elif not any(name == key[0] for name, _kind in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
