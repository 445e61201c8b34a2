# SPDX-License-Identifier: MIT
"""The local page's server: what it says, to whom, and what hostile clients get."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess

from conftest import MAPPINGS, MODBRIDGE, PATIENCE, ROOT, await_true, free_port, modbridge

WEB = os.path.join(os.path.dirname(MODBRIDGE), "modbridge-web")
TOKEN = "0123456789abcdef0123456789abcdef"
OURS = {"X-Modbridge": "1", "Content-Type": "application/json"}


class Page:
    """A bridge with an electrolyser, and modbridge-web beside it."""

    def __init__(self, world, web="", listen="127.0.0.1", **devices):
        self.world = world
        self.port = free_port()
        _, place = world.simulate(MAPPINGS / "enapter_el41.yaml")
        self.site = world.site({"electrolyser": f'map: enapter_el41, tcp: "{place}"', **devices})
        self.site.write_text(self.site.read_text() + f'web: {{listen: "{listen}:{self.port}"{web}}}\n')
        self.bridge = world.run(self.site)
        self.web = world.start([WEB, self.site], "web")
        await_true(lambda: "web: serves" in self.web.log() or self.web.child.poll() is not None, "the page")

    def await_answers(self):
        await_true(lambda: self.get("/healthz")[0] == 200, "the bridge's answer")
        return self

    def request(self, method, path, body=None, headers=None, source=None):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE,
                                            source_address=(source, 0) if source else None)
        try:
            client.request(method, path, body, headers or {})
            response = client.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            client.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def json(self, path, **more):
        status, headers, body = self.get(path, **more)
        assert status == 200 and headers["Content-Type"] == "application/json", (status, body)
        assert headers["Cache-Control"] == "no-store"
        return json.loads(body)

    def raw(self, data, seconds=PATIENCE):
        """Sends bytes as they are; returns what comes back: up to the end of an answer's head, or within some time."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as client:
            answer = b""
            try:
                client.sendall(data)
                while b"\r\n\r\n" not in answer and (piece := client.recv(65536)):
                    answer += piece
            except OSError:
                pass  # thrown out, or still waited for
            return answer

    def events(self, **more):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        client.request("GET", "/api/events", headers=more.get("headers", {}))
        response = client.getresponse()
        assert response.status == 200 and response.getheader("Content-Type") == "text/event-stream"
        while True:
            name, data, empty = response.readline(), response.readline(), response.readline()
            assert name == b"event: state\n" and data.startswith(b"data: ") and empty == b"\n", (name, data[:99], empty)
            yield json.loads(data[6:])

    def lives(self):
        assert self.web.child.poll() is None, self.web.log()
        assert "ERROR" not in self.web.log() and "WARNING: ThreadSanitizer" not in self.web.log(), self.web.log()
        assert self.get("/healthz", source="127.0.0.3")[0] == 200
        return True


def test_what_it_says(world):
    page = Page(world).await_answers()
    await_true(lambda: page.json("/api/values")["devices"][0]["health"] == "online", "the device")
    status, headers, body = page.get("/")
    assert status == 200 and body.startswith(b"<!doctype html>")
    assert headers["Content-Type"] == "text/html;charset=utf-8"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and "Access-Control-Allow-Origin" not in headers
    again = page.get("/", headers={"If-None-Match": headers["ETag"]})
    assert (again[0], again[2]) == (304, b"")
    assert page.request("HEAD", "/")[2] == b""

    whole = page.json("/api/status")
    assert whole["site"] == str(page.site) and whole["pid"] == page.bridge.child.pid
    assert whole.keys() >= set(json.loads(modbridge("status", page.site, "--json").stdout)) - {"commands"}
    device = page.json("/api/devices")["devices"][0]
    assert device["device"] == "electrolyser" and device["map"] == "enapter_el41"
    entry = next(e for e in device["entries"] if e["key"] == "h2_pressure_inner")
    assert entry["section"] == "telemetry" and entry["unit"] and entry["display_name"]
    assert any(c["arguments"] for c in device["commands"])
    said = await_true(lambda: page.json("/api/values")["devices"][0]["values"]["h2_pressure_inner"], "a value")
    assert isinstance(said["value"], float) and said["age_ms"] < 60000
    series = await_true(lambda: page.json("/api/history")["series"].get("electrolyser"), "a sample")
    assert isinstance(series["h2_pressure_inner"][-1], (float, type(None)))

    metrics = page.get("/metrics")[2].decode()
    sample = r'[a-z_0-9]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)*\})? -?[0-9.e+-]+'
    assert all(line.startswith("# ") or re.fullmatch(sample, line) for line in metrics.splitlines()), metrics
    documented = set(re.findall(r"`(modbridge_[a-z_]+)`", (ROOT / "docs/web.md").read_text()))
    assert set(re.findall(r"^# TYPE (\S+)", metrics, re.M)) == documented
    assert "\nmodbridge_up 1\n" in metrics
    assert '\nmodbridge_device_online{device="electrolyser",bus="electrolyser"} 1\n' in metrics
    assert re.search(r'\nmodbridge_value\{device="electrolyser",key="h2_pressure_inner",unit="bar"\} [0-9.]+\n', metrics)


def test_events_go_on_and_the_bridge_may_restart(world):
    page = Page(world).await_answers()
    events = page.events()
    stamps = [next(events)["status"]["running_ms"] for _ in range(3)]
    assert stamps == sorted(set(stamps)), "each event is news"
    page.bridge.stop()
    gone = await_true(lambda: (e := next(events)) and not e["answers"] and e, "the end of the bridge")
    assert gone["silent_ms"] >= 0 and gone["reason"], gone
    await_true(lambda: page.get("/healthz")[0] == 503, "bad health")
    assert b"modbridge_up 0" in page.get("/metrics")[2]
    status, _, body = page.get("/api/status")
    assert status == 503 and "error" in json.loads(body)
    page.bridge = world.run(page.site)
    back = await_true(lambda: (e := next(events)) and e["answers"] and e, "another bridge")
    assert back["status"]["pid"] == page.bridge.child.pid
    assert page.web.log().count("web: modbridge answers") == 2
    assert page.web.stop() == 0


HOSTILE = {
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n": 421,
    b"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n": 421,
    b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n": 421,
    b"GET /api/status HTTP/1.0\r\n\r\n": 421,
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    b"GET //etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    b"GET /app.js/../index.html HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    b"GET /assets/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    b"OPTIONS /api/command HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n": 405,
    b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n": 405,
    b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n": 405,
    b"POST /api/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n": 405,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}": 403,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nX-Modbridge: 1\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 2\r\n\r\n{}": 403,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nX-Modbridge: 1\r\nContent-Type: application/json\r\n"
    b"Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}": 403,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nX-Modbridge: 1\r\nContent-Type: application/json\r\n"
    b"Sec-Fetch-Site: cross-site\r\nContent-Length: 2\r\n\r\n{}": 403,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nX-Modbridge: 1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 99999999999\r\n\r\n{}": 413,
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nX-Modbridge: 1\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"8000\r\n" + b"x" * 32768 + b"\r\n0\r\n\r\n": 413,
}


def test_hostile_requests_get_nothing(world):
    page = Page(world).await_answers()
    for data, expected in HOSTILE.items():
        answer = page.raw(data)
        assert answer.startswith(b"HTTP/1.1 %d " % expected), (data[:120], answer[:300])
        assert b"root:" not in answer and b"buses" not in answer and b"Access-Control" not in answer
    for data in [b"\x00\x01\x02\xff" * 50, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", os.urandom(3000), b"\r\n" * 2000,
                 b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 1000000 + b"\r\n\r\n",
                 b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"".join(b"H%d: x\r\n" % i for i in range(5000)) + b"\r\n"]:
        answer = page.raw(data, 0.5)
        assert b"buses" not in answer and not answer.startswith(b"HTTP/1.1 200"), (data[:80], answer[:200])
    status, _, body = page.request("POST", "/api/command", "{}", OURS)
    assert status == 403 and b"web: {commands: true}" in body, "commands are off"
    assert page.lives()


def is_served(page):
    try:
        return page.get("/healthz")[0] == 200
    except OSError:
        return False


def test_slow_clients_keep_nobody_out(world):
    page = Page(world).await_answers()
    slow = [socket.create_connection(("127.0.0.1", page.port), PATIENCE) for _ in range(120)]
    for client in slow:
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        except OSError:
            pass  # more than one address may have
    deaf = [socket.create_connection(("127.0.0.1", page.port), PATIENCE, ("127.0.0.2", 0)) for _ in range(60)]
    for client in deaf:
        client.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert page.lives(), "somebody else is served meanwhile"
    assert page.json("/api/status", source="127.0.0.3")["buses"]
    assert len(os.listdir(f"/proc/{page.web.child.pid}/fd")) < 220

    def all_are_closed():
        for client in slow:
            client.setblocking(False)
            try:
                if client.recv(4096):
                    return False  # it was answered
            except BlockingIOError:
                return False
            except OSError:
                pass
        return True

    await_true(all_are_closed, "the slow ones to be thrown out")
    await_true(lambda: is_served(page), "their address to be served again, once they are counted no more")
    events = page.events()
    assert next(events)["answers"]
    for client in slow + deaf:
        client.close()
    assert page.lives()
    assert page.bridge.child.poll() is None


def test_the_token(world):
    token = world.folder / "web.token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    page = Page(world, ", token_file: web.token", "0.0.0.0").await_answers()
    for path in ["/api/status", "/api/values", "/api/devices", "/api/history", "/api/events", "/metrics"]:
        for headers in [{}, {"Authorization": "Bearer " + TOKEN[:-1]}, {"Authorization": "Bearer " + TOKEN[:-1] + "x"},
                        {"Authorization": "Basic " + TOKEN}, {"Cookie": "modbridge_session=" + TOKEN},
                        {"Cookie": "modbridge_session="}]:
            status, answer, body = page.get(path, headers=headers)
            assert status == 401 and b"buses" not in body and answer["WWW-Authenticate"] == "Bearer", (path, headers)
    assert page.get("/")[0] == 200, "the page itself says nothing of the plant"
    assert page.json("/api/status", headers={"Authorization": "Bearer " + TOKEN})["buses"]
    assert page.get("/metrics", headers={"Authorization": "Bearer " + TOKEN, "Host": "gateway.local"})[0] == 200
    assert page.request("POST", "/api/login", '{"token": "wrong"}', OURS)[0] == 403
    assert page.request("POST", "/api/login", '{"token": 5}', OURS)[0] == 400
    assert page.request("POST", "/api/login", "[[[[[[", OURS)[0] == 400
    body = json.dumps({"token": TOKEN})
    assert page.request("POST", "/api/login", body, {"Content-Type": "application/json"})[0] == 403, "from elsewhere"
    status, headers, _ = page.request("POST", "/api/login", body, OURS)
    assert status == 200 and "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
    cookie = headers["Set-Cookie"].split(";")[0]
    assert TOKEN not in cookie
    assert page.json("/api/status", headers={"Cookie": "other=1; " + cookie})["buses"]
    assert next(page.events(headers={"Cookie": cookie}))["answers"]
    assert TOKEN not in page.web.log() and TOKEN not in page.bridge.log()


def web(*argv):
    return subprocess.run([WEB, *argv], capture_output=True, text=True, timeout=PATIENCE)


def test_when_it_cannot_start(world):
    site = world.site({"electrolyser": 'map: enapter_el41, tcp: "127.0.0.1:9"'})
    text = site.read_text()
    assert web().returncode == 2 and web("--nonsense").returncode == 2
    assert web("--help").stdout.startswith("usage: modbridge-web SITE")
    assert web("--version").stdout.startswith("modbridge-web ")
    assert web(world.folder / "none.yaml").returncode == 3
    result = web(site)
    assert result.returncode == 3 and 'give it web: {listen: "127.0.0.1:8080"}' in result.stderr
    site.write_text(text + 'web: {listen: "0.0.0.0:8080"}\n')
    assert web(site).returncode == 3
    token = world.folder / "token"
    site.write_text(text + f'web: {{listen: "127.0.0.1:{free_port()}", token_file: token}}\n')
    for content, mode, said in [(None, 0, "cannot be read"), ("short\n", 0o600, "at least 16 characters"),
                                (TOKEN, 0o644, "others than its owner may read")]:
        if content:
            token.write_text(content)
            token.chmod(mode)
        result = web(site)
        assert result.returncode == 3 and said in result.stderr and TOKEN not in result.stderr, result
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        site.write_text(text + f'web: {{listen: "127.0.0.1:{taken.getsockname()[1]}"}}\n')
        result = web(site)
    assert result.returncode == 1 and "another program listens at" in result.stderr
    site.write_text(text + 'web: {listen: "192.0.2.1:8080", token_file: token}\n')
    token.chmod(0o600)
    result = web(site)
    assert result.returncode == 1 and "this machine has no address 192.0.2.1" in result.stderr


def test_it_shows_no_other_site(world):
    page = Page(world).await_answers()
    other = world.folder / "other.yaml"
    port = free_port()
    other.write_text(page.site.read_text().replace(f":{page.port}\"}}", f":{port}\"}}"))
    second = world.start([WEB, other], "web")
    await_true(lambda: f"no modbridge runs {other}; the one that answers runs {page.site}" in second.log(), "a word about it")
    page.port = port
    assert page.get("/api/status")[0] == 503
    assert second.stop(signal.SIGINT) == 0


def send(page, body, headers=None):
    status, _, answer = page.request("POST", "/api/command", body if isinstance(body, str) else json.dumps(body), headers or OURS)
    return status, json.loads(answer)


def test_commands(world):
    page = Page(world, ", commands: true").await_answers()
    await_true(lambda: page.json("/api/values")["devices"][0]["health"] == "online", "the device")
    order = {"device": "electrolyser", "name": "set_production_rate", "arguments": {"production_rate": 75}}
    status, answer = send(page, order)
    assert status == 202 or (status, answer["response"]["payload"]) == (200, {"production_rate": 75.0}), (status, answer)

    def done():
        rows = page.json("/api/status")["commands"]
        return [row for row in rows if row["name"] == "set_production_rate" and row["state"] == "completed"]

    assert await_true(done, "its outcome")[0]["origin"] == "local"
    await_true(lambda: "command set_production_rate for electrolyser from the page" in page.web.log(), "a line")
    for changed, said in [({"arguments": {"production_rate": 7}}, "60..100"), ({"arguments": {}}, "production_rate"),
                          ({"arguments": {"production_rate": "x"}}, "production_rate"), ({"name": "nonsense"}, "nonsense"),
                          ({"device": "nobody"}, "there is no device 'nobody'")]:
        status, answer = send(page, {**order, **changed})
        assert status == 422 and said in answer["error"], (changed, status, answer)
    for body in ["", "[]", "{}", "{", '{"device": 1, "name": 2}', '{"device": "electrolyser", "name": "start", "arguments": []}',
                 '{"device": "electrolyser", "device": "x", "name": "start"}', "[" * 5000, "\x00"]:
        assert send(page, body)[0] == 400, body[:50]
    assert send(page, {**order, "request": "write", "register": "x", "value": 1})[0] in (200, 202), "what else is there is left out"
    page.bridge.stop()
    status, answer = send(page, order)
    assert status == 503 and "no modbridge answers" in answer["error"]
    assert page.web.stop() == 0
