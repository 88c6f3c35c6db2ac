"""A bad line: a TCP proxy before a server that answers 500, resets, stalls or cuts off, as often as it is told to.

Clients keep their connections, so faults meet requests, not connections.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self

ANSWER_500 = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
FAULTS = ("500", "reset", "stall", "cut")


class Proxy:
    """Listens on a port of its own; `share` of requests (0 to 1) go wrong; `faults` counts them by kind."""

    def __init__(self, port: int, chance: random.Random, *, stall_s: float = 4.0) -> None:
        # choices of its own: threads ask in any order, and the run's choices must not depend on that
        self.target, self.chance, self.stall_s = port, random.Random(chance.getrandbits(64)), stall_s
        self.share = 0.0
        self.faults: Counter[str] = Counter()
        #: bytes of the answer that a client still gets, where it is cut off
        self._most: dict[socket.socket, int] = {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self._over = threading.Event()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        # closing alone does not end an accept() that waits in another thread
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            down = threading.Thread(target=self._answers, args=(server, client), daemon=True)
            down.start()
            self._requests(client, server)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        """What the client sends, block by block; any block may meet a fault, on a new line or one long open."""
        with suppress(OSError):
            while block := client.recv(65_536):
                if self.share and self.chance.random() < self.share:
                    self._harm(self.chance.choice(FAULTS), block, client, server)
                    break
                server.sendall(block)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _harm(self, fault: str, block: bytes, client: socket.socket, server: socket.socket) -> None:
        self.faults[fault] += 1
        if fault == "500":
            client.sendall(ANSWER_500)
        elif fault == "stall":
            self._over.wait(self.stall_s)
        elif fault == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        else:  # the server gets all of it, the client a part of the answer
            self._most[client] = self.chance.randrange(20, 2000)
            server.sendall(block)
            self._over.wait(0.5)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(65_536):
                most = self._most.pop(client, None)
                client.sendall(block[:most])
                if most is not None:
                    break
        for end in (server, client):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def bad_for(self, seconds: float, share: float, *, most_s: float = 10.0) -> None:
        """Faults for a while, and until one was met."""
        before, began = self.faults.total(), time.monotonic()
        self.share = share
        while (age := time.monotonic() - began) < seconds or (age < most_s and self.faults.total() == before):
            time.sleep(0.1)
        self.share = 0.0
