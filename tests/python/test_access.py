"""Who may do what: every route with every kind of token, Host, Origin and content type; tokens; the launch link."""

import json
import re
import time
from http.client import HTTPConnection, HTTPException
from itertools import count, product
from pathlib import Path
from urllib.parse import quote

import pytest

from support.server import Server
from support.waiting import wait_until

SCOPES = ["open", "read", "write", "admin"]
LOGS = "/api/v1/projects/p/runs/r/logs"
OPERATIONS = Path(__file__).parents[2] / "schema" / "src" / "operations.rs"
# Not in the document: what scrapers, browsers and old clients ask.
BESIDE = {("get", "/metrics"): "read", ("post", "/mcp"): "read", ("get", "/favicon.ico"): "open", ("get", "/assets/none.js"): "open"}
# Wrong tokens of one address before it is asked to wait.
WRONG_TOKENS = 100
TOKENS = ["none", "read", "write", "admin", "wrong", "expired", "not ASCII"]


@pytest.fixture
def server(directory):
    """A server whose reads are open."""
    directory.path.mkdir()
    server = Server(directory)
    yield server
    server.stop()


@pytest.fixture
def closed_server(directory):
    """A server whose reads need a token too."""
    directory.path.mkdir()
    server = Server(directory, "--require-token")
    yield server
    server.stop()


def token(directory, *arguments):
    """What `paceline token` prints, as data."""
    return directory.answer("token", *arguments)


def created(directory, scope, *more):
    """The text of a new token."""
    return token(directory, "create", "--scope", scope, *more)["token"]


def expire(directory, identifier):
    """Lets the end of a token have been long ago."""
    path = directory.path / ".paceline" / "tokens.json"
    contents = json.loads(path.read_text())
    for one in contents["tokens"]:
        if one["id"] == identifier:
            one["expires_at"] = "2020-01-01T00:00:00+00:00"
    path.write_text(json.dumps(contents))


def routes_of(document):
    """Every route with the scope it declares; the calls of the peer's wire one by one."""
    calls = re.findall(r'^    \w+ = "(\w+)", (\w+),', OPERATIONS.read_text(), re.MULTILINE)
    assert len(calls) == 44
    wires = ["/api/", "/gradio_api/call/"]
    routes = {("post", wire + name): scope.lower() for wire in wires for name, scope in calls} | BESIDE
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path in [wire + "{name}" for wire in wires]:
                continue
            declared = operation.get("security")
            assert declared is not None or method == "get", f"{method} {path} declares no scope"
            names = [name for one in declared or document["security"] for name in one]
            scopes = [name.removesuffix("_token") for name in names]
            assert set(scopes) <= set(SCOPES), f"{method} {path} declares {names}"
            routes[method, path] = scopes[0] if scopes else "open"
    # Tells what a token permits, and whoever has none that it is nothing.
    routes["get", "/api/v1/access"] = "open"
    return routes


class Cells:
    """Asks for one cell after another; from a new address before the old one has to wait for its wrong tokens."""

    def __init__(self, port):
        self.port = port
        self._addresses = (f"127.0.{number // 250}.{number % 250 + 1}" for number in count(1))
        self._wrong = WRONG_TOKENS
        self._connection = None

    def ask(self, method, path, headers, wrong):
        """Status and error code."""
        self._wrong += wrong
        if self._wrong >= WRONG_TOKENS - 5:
            self._drop()
            self._wrong = 0
            self._address = next(self._addresses)
        for attempt in range(2):
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(self._address, 0))
            try:
                self._connection.putrequest(method.upper(), path, skip_host=True, skip_accept_encoding=True)
                for name, value in headers.items():
                    self._connection.putheader(name, value)
                if method == "get":
                    self._connection.endheaders()
                else:
                    self._connection.putheader("Content-Length", "2")
                    self._connection.endheaders(b"{}")
                response = self._connection.getresponse()
                if "event-stream" in response.headers.get("content-type", ""):
                    self._drop()
                    return response.status, None
                body = response.read()
                if response.will_close:
                    self._drop()
                failed = response.status >= 400 and body.startswith(b"{")
                return response.status, json.loads(body).get("code") if failed else None
            except (HTTPException, OSError):
                # The server may close a connection whose body it has not read.
                self._drop()
                if attempt:
                    raise

    def _drop(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def test_matrix(directory):
    directory.path.mkdir()
    texts = {"none": None, "wrong": "f" * 64, "not ASCII": "plt_grün".encode().decode("latin-1")}
    texts |= {scope: created(directory, scope) for scope in SCOPES[1:]}
    old = token(directory, "create", "--scope", "admin")
    expire(directory, old["id"])
    texts["expired"] = old["token"]
    cells = refusals = 0
    unexpected = []
    for arguments in [], ["--require-token"]:
        server = Server(directory, *arguments)
        try:
            document = server.request("GET", "/openapi.json", token=server.token).json
            routes = routes_of(document)
            asked = Cells(server.port)
            hosts = {"right": f"127.0.0.1:{server.port}", "foreign": "evil.example"}
            origins = {"none": None, "own": f"http://127.0.0.1:{server.port}", "foreign": "http://evil.example", "null": "null"}
            kinds = {"right": "application/json", "wrong": "text/plain"}
            for ((method, path), scope), kind, host, origin, content in product(routes.items(), TOKENS, hosts, origins, kinds):
                headers = {"Host": hosts[host], "Content-Type": kinds[content]}
                if texts[kind] is not None:
                    headers["Authorization"] = f"Bearer {texts[kind]}"
                if origins[origin] is not None:
                    headers["Origin"] = origins[origin]
                address = re.sub(r"\{\w+\}", "x", path)
                status, code = asked.ask(method, address, headers, kind in ("wrong", "expired", "not ASCII"))
                cell = (method, path, kind, host, origin, content, arguments, status, code)
                cells += 1
                needed = "open" if scope == "read" and not arguments else scope
                permitted = kind if kind in SCOPES else "open"
                if host == "foreign" or origin in ("foreign", "null"):
                    as_it_should = (status, code) == (403, "forbidden_origin")
                elif SCOPES.index(needed) > SCOPES.index(permitted):
                    refusal = (401, "unauthorized") if permitted == "open" else (403, "forbidden_scope")
                    as_it_should = (status, code) == refusal
                else:
                    as_it_should = status < 500 and status not in (401, 403, 429)
                refusals += status in (401, 403)
                if not as_it_should:
                    unexpected.append(cell)
        finally:
            server.stop()
    print(f"{cells} cells, {len(routes)} routes, {refusals} refused as they should be")
    assert not unexpected, (len(unexpected), sorted({cell[:2] + cell[-2:] for cell in unexpected}))
    assert cells > 10_000


def test_tokens_are_made_listed_noticed_and_revoked(server, directory):
    assert token(directory, "list") == {"tokens": []}
    new = token(directory, "create", "--scope", "write", "--name", "ci", "--expires-days", "30")
    assert re.fullmatch(r"plt_[0-9a-f]{64}", new["token"]) and new["name"] == "ci"
    path = directory.path / ".paceline" / "tokens.json"
    assert path.stat().st_mode & 0o777 == 0o600
    ask = lambda: server.request("POST", LOGS, json.dumps([{"metrics": {"x": 1}}]), new["token"]).status
    wait_until(lambda: ask() == 200, 3)
    refused = server.request("POST", "/api/delete_run", '{"project": "p", "run": "r"}', new["token"])
    assert (refused.status, refused.json["code"], refused.json["details"]) == (
        403, "forbidden_scope", {"scope": "write", "needed_scope": "admin"},
    )
    assert "paceline token create --scope admin" in refused.json["hint"]
    wait_until(lambda: token(directory, "list")["tokens"][0]["last_used_at"], 5)
    listed = token(directory, "list")["tokens"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00(\+00:00|Z)", listed["last_used_at"]), listed
    secret = new["token"].encode()
    for file in directory.path.rglob("*"):
        assert not file.is_file() or secret not in file.read_bytes(), file
    assert new["token"] not in json.dumps(token(directory, "list")) and new["token"] not in server.said
    expire(directory, new["id"])
    # Asked too often with what is wrong by now, it answers 429.
    wait_until(lambda: ask() in (401, 429), 3)
    second = token(directory, "create", "--scope", "write")
    wait_until(lambda: server.request("POST", LOGS, "[]", second["token"]).status == 200, 3)
    token(directory, "revoke", second["id"])
    wait_until(lambda: server.request("POST", LOGS, "[]", second["token"]).status in (401, 429), 3)
    assert server.request("POST", LOGS, "[]", server.token).status == 200


def test_a_file_of_tokens_that_others_can_touch_lets_nobody_in(server, directory):
    new = token(directory, "create", "--scope", "write")
    ask = lambda: server.request("POST", LOGS, "[]", new["token"]).status
    wait_until(lambda: ask() == 200, 3)
    (directory.path / ".paceline" / "tokens.json").chmod(0o644)
    wait_until(lambda: ask() in (401, 429), 3)
    said = directory.paceline("token", "list")
    assert said.returncode == 1 and "chmod 600" in said.stderr and "644" in said.stderr
    (directory.path / ".paceline" / "tokens.json").chmod(0o600)
    wait_until(lambda: ask() == 200, 3)


def test_wrong_tokens_are_slowed_and_right_ones_never(server):
    statuses = [server.request("POST", LOGS, "[]", "wrong").status for _ in range(WRONG_TOKENS + 20)]
    assert statuses == [401] * WRONG_TOKENS + [429] * 20
    slowed = server.request("POST", LOGS, "[]", "wrong")
    assert 1 <= int(slowed.headers["retry-after"]) <= 60 and slowed.json["code"] == "too_many_attempts"
    assert server.request("POST", LOGS, "[]", server.token).status == 200
    assert server.get("/api/v1/projects").status == 200


def test_reads_need_a_token_where_asked(closed_server, directory):
    reader = created(directory, "read")
    for path in ["/api/v1/projects", "/openapi.json", "/metrics", "/file?path=x", "/artifact_blob/p/x", "/api/v1/projects/p/runs/r/status"]:
        # However the address is written.
        for form in [path, path.replace("/a", "/%61", 1), path.replace("o", "%6f", 1)]:
            assert closed_server.get(form).status in (401, 404), form
        refused = closed_server.get(path)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        wait_until(lambda: closed_server.request("GET", path, token=reader).status != 401, 3)
    assert closed_server.get("/health").status == closed_server.get("/version").status == 200
    call = closed_server.request("POST", "/api/get_all_projects", "{}")
    assert call.status == 401
    assert closed_server.request("POST", f"/api/get_all_projects?write_token={reader}", "{}").status == 200
    page = closed_server.get("/", Accept="text/html")
    assert page.status == 401 and b"paceline token create" in page.body and page.headers["content-type"].startswith("text/plain")
    assert closed_server.get("/runs/p/r", Accept="text/html").status == 401


def launch_link(server):
    """The address that the server printed."""
    found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:\d+(/\?token=[0-9a-f]{64})", server.said), 5)
    return found[1]


def test_the_launch_link_is_swapped_for_a_cookie(closed_server):
    link = launch_link(closed_server)
    assert "set-cookie" not in closed_server.request("HEAD", link).headers
    answer = closed_server.get(link + "&project=p")
    assert (answer.status, answer.headers["location"]) == (303, "/?project=p")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Domain" not in cookie and "Secure" not in cookie
    secret = cookie.split(";")[0].split("=")[1]
    assert secret != closed_server.token and secret not in link
    jar = cookie.split(";")[0]
    assert closed_server.get("/", Cookie=jar, Accept="text/html").status == 200
    assert closed_server.get("/api/v1/projects", Cookie=jar).status == 200
    own = f"http://127.0.0.1:{closed_server.port}"
    rows = json.dumps([{"metrics": {"x": 1}}])
    assert closed_server.request("POST", LOGS, rows, Cookie=jar).status == 401
    assert closed_server.request("POST", LOGS, rows, Cookie=jar, Origin="http://evil.example").status == 403
    assert closed_server.request("POST", LOGS, rows, Cookie=jar, Origin="null").status == 403
    assert closed_server.request("POST", LOGS, rows, Cookie=jar, Origin=own).status == 200
    wrong = closed_server.get("/?token=" + "0" * 64)
    assert (wrong.status, wrong.headers.get("set-cookie")) == (303, None)
    peers = closed_server.get(f"/?write_token={quote(closed_server.token)}")
    assert (peers.status, peers.headers["set-cookie"].split(";")[0]) == (303, f"trackio_write_token={closed_server.token}")


def test_listening_beyond_loopback_needs_a_token(directory):
    directory.path.mkdir()
    said = directory.paceline("serve", "--host", "0.0.0.0", "--port", "0")
    assert said.returncode == 1 and "TRACKIO_WRITE_TOKEN" in said.stderr
