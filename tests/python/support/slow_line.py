"""A slow line between a client and a server: what the client sends passes at a limited rate, answers at once."""

import socket
import threading
import time

_PIECE_BYTES = 16 << 10


class SlowLine:
    """Listens on a port of its own and passes bytes on to another one, `bytes_a_second` of them."""

    def __init__(self, port: int, bytes_a_second: int) -> None:
        self._target = port
        self._seconds_a_piece = _PIECE_BYTES / bytes_a_second
        self._listener = socket.create_server(("127.0.0.1", 0))
        # What waits in buffers counts as sent: those on this side are small, also of connections to come.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PIECE_BYTES)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:  # the server is gone, and the client sees it
                client.close()
                continue
            for source, sink, pause in ((client, server, self._seconds_a_piece), (server, client, 0.0)):
                threading.Thread(target=_pass, args=(source, sink, pause), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket, pause_seconds: float) -> None:
    try:
        while piece := source.recv(_PIECE_BYTES):
            # The rate itself is what is made here.
            time.sleep(pause_seconds * len(piece) / _PIECE_BYTES)
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two went away: the other sees it
