"""Speaks MCP as the official client does: `python call_mcp.py ERA TARGET [TOKEN]`, requests as JSON on standard input.

`ERA` is `legacy`, `auto` or a version; `TARGET` an address or a JSON list, the command of a server on standard input and
output. A request is `["tools"]`, `["call", NAME, ARGUMENTS]`, `["resources"]` or `["read", URI]`; answers come as one JSON list.
"""

import asyncio
import json
import sys
from typing import Any

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

SECONDS = 120


async def answer(client: Client, request: list[Any]) -> Any:
    """What the server says to one request, as data."""
    match request:
        case ["tools"]:
            return [tool.model_dump(by_alias=True, mode="json") for tool in (await client.list_tools()).tools]
        case ["call", name, arguments]:
            done = await client.call_tool(name, arguments)
            texts = [block.text for block in done.content]
            return {"texts": texts, "data": done.structured_content, "is_error": bool(done.is_error)}
        case ["resources"]:
            return [str(one.uri) for one in (await client.list_resources()).resources]
        case ["read", uri]:
            return [one.text for one in (await client.read_resource(uri)).contents]
        case _:
            raise AssertionError(request)


async def main(era: str, target: str, token: str | None) -> None:
    """One connection, the requests one after the other."""
    requests = json.load(sys.stdin)
    if target.startswith("["):
        command = json.loads(target)
        server: Any = StdioServerParameters(command=command[0], args=command[1:])
    else:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        server = streamable_http_client(target, http_client=httpx2.AsyncClient(headers=headers, timeout=SECONDS))
    async with Client(server, mode=era, read_timeout_seconds=SECONDS) as client:
        answers = [await answer(client, request) for request in requests]
        print(json.dumps({"version": client.protocol_version, "answers": answers}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
