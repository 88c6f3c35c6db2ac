"""A bad line: a TCP proxy before a server that answers 500, resets, stalls or cuts off, as often as it is told to."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

ANSWER_500 = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
FAULTS = ("500", "reset", "stall", "cut")


class Proxy:
    """Listens on a port of its own; `share` of connections (0 to 1) go wrong."""

    def __init__(self, port: int, chance: random.Random, *, stall_s: float = 4.0) -> None:
        self.target, self.chance, self.stall_s = port, chance, stall_s
        self.share = 0.0
        self.faults: list[str] = []
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
        fault = self.chance.choice(FAULTS) if self.chance.random() < self.share else None
        with client, suppress(OSError):
            if fault is not None:
                self.faults.append(fault)
            if fault == "500":
                client.settimeout(5)
                client.recv(65_536)
                client.sendall(ANSWER_500)
            elif fault == "stall":
                self._over.wait(self.stall_s)
            elif fault == "reset":
                client.recv(1024)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self._pass(client, self.chance.randrange(200, 20_000) if fault == "cut" else None)

    def _pass(self, client: socket.socket, most: int | None) -> None:
        """Both ways, until one side ends or `most` bytes have come back."""
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            up = threading.Thread(target=self._copy, args=(client, server, None), daemon=True)
            up.start()
            self._copy(server, client, most)

    def _copy(self, source: socket.socket, sink: socket.socket, most: int | None) -> None:
        left = most
        with suppress(OSError):
            while block := source.recv(65_536):
                sink.sendall(block if left is None else block[:left])
                if left is not None and (left := left - len(block)) <= 0:
                    break
                # a fault that starts now also ends lines that are open
                if most is None and self.share and self.chance.random() < self.share / 20:
                    break
            for end in (source, sink):
                end.shutdown(socket.SHUT_RDWR)

    def bad_for(self, seconds: float, share: float) -> None:
        """Faults for a while."""
        self.share = share
        time.sleep(seconds)
        self.share = 0.0
