"""Serves `TRACKIO_DIR` with the peer, in its own Python, and prints its port and its calls as JSON lines."""

import inspect
import json
import socket

import uvicorn
from trackio import server

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
calls = {
    name: [
        [parameter.name, parameter.default is inspect.Parameter.empty]
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "request"
    ]
    for name, function in server._api_registry().items()
}
app, _ = server.build_starlette_app_only()
print(json.dumps({"port": listener.getsockname()[1], "calls": calls}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
