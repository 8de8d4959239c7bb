"""A bad line between a client and a server: it cuts connections, delays, and repeats whole requests."""

import random
import re
import socket
import threading
import time
from collections.abc import Callable

_CHUNK_BYTES = 16 << 10
_CONNECT_SECONDS = 5
_LONGEST_DELAY_SECONDS = 0.05
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Proxy:
    """Listens on a port of its own and passes requests on to the port that `port` names at that moment.

    Of ten requests about one is cut on its way to the server, one on the way back, one is delayed and one is sent
    to the server twice. `counts` says how often each happened.
    """

    def __init__(self, port: Callable[[], int], source: random.Random) -> None:
        self._target = port
        self._source = source
        self._choosing = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.counts = dict.fromkeys(("requests", "cut before", "cut after", "delayed", "repeated"), 0)
        self._ending = False
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Takes no more connections."""
        self._ending = True
        self._listener.close()

    def _choose(self) -> tuple[str, float]:
        with self._choosing:
            fate = self._source.choices(("", "cut before", "cut after", "delayed", "repeated"), (6, 1, 1, 1, 1))[0]
            self.counts["requests"] += 1
            if fate:
                self.counts[fate] += 1
            return fate, self._source.random()

    def _accept(self) -> None:
        while not self._ending:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Passes the requests of one connection on, until something is cut."""
        server: socket.socket | None = None
        try:
            with client:
                while request := _read_message(client):
                    fate, share = self._choose()
                    if server is None:
                        server = socket.create_connection(("127.0.0.1", self._target()), _CONNECT_SECONDS)
                    if fate == "cut before":
                        server.sendall(request[: int(len(request) * share)])
                        return
                    if fate == "delayed":
                        time.sleep(share * _LONGEST_DELAY_SECONDS)
                    if fate == "repeated":
                        server.sendall(request)
                        _read_message(server)
                    server.sendall(request)
                    answer = _read_message(server)
                    if fate == "cut after":
                        client.sendall(answer[: int(len(answer) * share)])
                        return
                    if not answer:
                        return
                    client.sendall(answer)
        except OSError:
            pass  # one of the two went away: the other sees it
        finally:
            if server is not None:
                server.close()


def _read_message(connection: socket.socket) -> bytes:
    """One whole request or answer, or as much of it as came."""
    message = b""
    while b"\r\n\r\n" not in message:
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            return message
        message += chunk
    head, _, _ = message.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    whole = len(head) + 4 + (int(length[1]) if length else 0)
    chunked = b"transfer-encoding: chunked" in head.lower()
    while len(message) < whole or chunked and not message.endswith(b"\r\n0\r\n\r\n"):
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            return message
        message += chunk
    return message
