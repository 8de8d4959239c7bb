"""A line that breaks after a number of bytes, counted over all connections, both ways and several servers."""

import socket
import struct
import threading

_PIECE_BYTES = 1 << 10


class CutLine:
    """Listens once for each of `ports` and passes bytes on to it, until `cut_at` bytes have passed altogether.

    Then every connection is reset. `stays_down` refuses those that come later, too.
    """

    def __init__(self, ports: tuple[int, ...], cut_at: int | None = None, stays_down: bool = False) -> None:
        self._cut_at, self._stays_down = cut_at, stays_down
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self.passed_bytes = 0
        self.was_cut = False
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in ports]
        self.ports = tuple(listener.getsockname()[1] for listener in self._listeners)
        for listener, port in zip(self._listeners, ports, strict=True):
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def __enter__(self) -> "CutLine":
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.close()
        self._reset()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.was_cut and self._stays_down:
                _break(client)
                continue
            server = socket.create_connection(("127.0.0.1", port))
            with self._lock:
                self._connections += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(_PIECE_BYTES):
                with self._lock:
                    room = None if self._cut_at is None or self.was_cut else self._cut_at - self.passed_bytes
                    is_last = room is not None and len(piece) >= room
                    piece = piece[:room] if is_last else piece
                    self.passed_bytes += len(piece)
                    self.was_cut |= is_last
                sink.sendall(piece)
                if is_last:
                    self._reset()
                    return
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of the two went away: the other sees it

    def _reset(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            _break(connection)


def _break(connection: socket.socket) -> None:
    """Ends a connection as a broken line does."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it ended before
    connection.close()
