"""Who may do what over HTTP: every route with every scope, keys that end in mid-stream, the audit log."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api.access.scopes import RULES, Rule
from tapehead.library.keys import make_key, now_us, revoke_key
from tapehead.model.events import Progress
from tapehead.model.spec import RunKey, RunSpec
from tests.acceptance.program import tapehead
from tests.serving import Served, serving, serving_here

SCOPES = ("read", "run", "write", "admin")
NO_RUN = "01JD8Q7K00000000000000000Z"
PATIENCE_S = 20.0
# One for all: to make a client costs more than what these tests ask.
web = httpx.Client(timeout=PATIENCE_S, verify=False, trust_env=False)  # noqa: S501 - plain HTTP on the loopback


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    """Close the client at the end."""
    yield
    web.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a store without bars."""
    return tmp_path_factory.mktemp("guarded") / "home"


@pytest.fixture(scope="module")
def keys(home: Path) -> dict[str, str]:
    """The text of a key of each scope."""
    with th.open(home) as store:
        return {scope: make_key(store.house.access, scope, [scope]).text for scope in SCOPES}


@pytest.fixture(scope="module")
def guarded(home: Path, keys: dict[str, str]) -> Iterator[Served]:
    """A service that lets nobody in without a key."""
    with serving_here(home, require_key=True) as found:
        yield found


def bearer(text: str) -> dict[str, str]:
    """The header of a key."""
    return {"authorization": f"Bearer {text}"}


def asked(url: str, rule: Rule, headers: dict[str, str]) -> httpx.Response:
    """Ask a route for something that is not there."""
    path = rule.template.replace(":path", "")
    for name in ("{run}", "{a}", "{b}"):
        path = path.replace(name, NO_RUN)
    path = path.replace("{", "no-").replace("}", "")
    body = {} if rule.method in ("GET", "DELETE") else {"json": {}}
    return web.request(rule.method, url + path, headers=headers, **body)


def code_of(answer: httpx.Response) -> str:
    """The stable code of a problem; empty for anything else."""
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return str(answer.json()["code"]) if problem else ""


def soon(found: Callable[[], Any]) -> Any:
    """What is found before long; the last thing seen where it never is."""
    end = time.monotonic() + PATIENCE_S
    while not (seen := found()) and time.monotonic() < end:
        time.sleep(0.01)
    return seen


def includes(held: str, wanted: str) -> bool:
    """Whether docs/security.md says that a scope includes another."""
    return wanted in ("open", held) or held == "admin" or (wanted == "read" and held in ("run", "write"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.template}")
def test_every_route_lets_in_whom_the_table_names(guarded: Served, keys: dict[str, str], rule: Rule) -> None:
    nobody = asked(guarded.url, rule, {})
    assert (nobody.status_code, code_of(nobody)) == (401, "access.key") or rule.scope == "open"
    for scope in SCOPES:
        answer = asked(guarded.url, rule, bearer(keys[scope]))
        if includes(scope, rule.scope):
            assert code_of(answer) not in ("access.key", "access.scope", "route.unknown", "route.method"), answer.text
        else:
            assert (answer.status_code, code_of(answer)) == (403, "access.scope")
            assert f"--scope {rule.scope}" in answer.json()["detail"]
        if rule.method == "GET":
            head = asked(guarded.url, rule._replace(method="HEAD"), bearer(keys[scope]))
            assert (head.status_code, head.content) == (answer.status_code, b"")


def test_what_the_table_does_not_know_is_not_there(guarded: Served, keys: dict[str, str]) -> None:
    for path in ("/api/v1/secret", "/api/v1/runs/", "//api/v1/runs", "/api/v1/../../etc/passwd", "/static/x", "/docs"):
        assert code_of(web.get(guarded.url + path)) == "access.key"
        assert code_of(web.get(guarded.url + path, headers=bearer(keys["write"]))) == "route.unknown"
    answer = web.put(f"{guarded.url}/api/v1/runs/stream", headers=bearer(keys["run"]))
    assert (answer.status_code, code_of(answer)) == (405, "route.method")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("form", ["Basic {}", "bearer", "Bearer", "{}", "Bearer {}x", "Bearer th_00000000_" + "0" * 64])
def test_what_is_no_key_is_refused_with_a_challenge(guarded: Served, keys: dict[str, str], form: str) -> None:
    answer = web.get(f"{guarded.url}/livez", headers={"authorization": form.format(keys["admin"])})
    assert (answer.status_code, code_of(answer)) == (401, "access.key")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert keys["admin"][-64:] not in answer.text


def test_two_keys_are_none(guarded: Served, keys: dict[str, str]) -> None:
    twice = [("authorization", f"Bearer {keys['admin']}")] * 2
    assert code_of(web.get(f"{guarded.url}/readyz", headers=twice)) == "access.key"


@pytest.mark.parametrize("place", ["/livez?x={}", "/livez?x=%74h{}", "/api/v1/runs/{}/events", "/livez?api_key=1"])
def test_a_key_in_a_url_is_refused_and_not_said_again(guarded: Served, keys: dict[str, str], place: str) -> None:
    text = keys["read"][2:] if "%74h" in place else keys["read"]
    answer = web.get(guarded.url + place.format(text), headers=bearer(keys["admin"]))
    assert (answer.status_code, code_of(answer)) == (400, "access.key_in_url")
    assert keys["read"][-64:] not in answer.text


def test_the_loopback_is_open_but_not_to_what_a_proxy_passes_on(home: Path, keys: dict[str, str]) -> None:
    with serving_here(home) as found:
        assert web.get(f"{found.url}/readyz").status_code == 200
        assert web.get(f"{found.url}/api/v1/audit").status_code == 200
        assert code_of(web.get(f"{found.url}/readyz", headers={"x-forwarded-for": "10.1.2.3"})) == "access.key"
        forwarded = {"x-forwarded-for": "10.1.2.3", **bearer(keys["read"])}
        assert web.get(f"{found.url}/readyz", headers=forwarded).status_code == 200
        # A key narrows what the loopback would allow.
        assert code_of(web.get(f"{found.url}/api/v1/audit", headers=bearer(keys["read"]))) == "access.scope"


@pytest.fixture
def going_on(guarded: Served) -> Iterator[str]:
    """A run that neither ends nor begins: this test holds it."""
    house = guarded.service.house
    with house.runs.together("a run that is held"):
        key = RunKey(*(now_us().to_bytes(32, "big") for _ in range(4)))
        run = house.runs.create(key, RunSpec("SmaCross", {}, "1h", universe="all", start=0), 0)
        holding = house.runs.claim(run)
        assert holding.__enter__()
    house.log.append(run, [Progress(run, 0, 1, 0, 0.0)])
    yield run
    holding.__exit__(None, None, None)
    house.runs.delete(run)


class Listener(threading.Thread):
    """A stream that is read until it ends."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.url, self.headers = url, headers
        self.began = threading.Event()
        self.error = ""

    def run(self) -> None:
        try:
            with web.stream("GET", self.url, headers=self.headers) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        self.began.set()
        except httpx.HTTPError as error:
            self.error = repr(error)

    def ended(self) -> bool:
        self.join(PATIENCE_S)
        return not self.is_alive()


def test_a_key_taken_back_by_another_process_ends_its_streams_and_no_others(
    guarded: Served, home: Path, keys: dict[str, str], going_on: str
) -> None:
    access, hub = guarded.service.house.access, guarded.service.hub
    made = make_key(access, "mid-stream", ["run"])
    url = f"{guarded.url}/api/v1/runs/{going_on}/events"
    assert soon(lambda: web.get(f"{guarded.url}/readyz", headers=bearer(made.text)).status_code == 200)
    mine, other = Listener(url, bearer(made.text)), Listener(url, bearer(keys["read"]))
    mine.start()
    other.start()
    assert mine.began.wait(PATIENCE_S)
    assert other.began.wait(PATIENCE_S)
    assert tapehead("keys", "revoke", "mid-stream", home=home).code == 0
    assert mine.ended()
    assert mine.error == ""
    assert code_of(web.get(f"{guarded.url}/readyz", headers=bearer(made.text))) == "access.key"
    assert soon(lambda: hub.streams == 1)
    assert other.is_alive()
    guarded.service.house.log.append(going_on, [cancelled(going_on)])
    assert other.ended()
    assert soon(lambda: hub.streams == 0) is True


def cancelled(run: str) -> Any:
    """The event that ends a run."""
    from tapehead.model.events import Cancelled

    return Cancelled(run, "interrupted", "Ended by a test.", 0)


def test_a_key_that_expires_ends_its_streams(guarded: Served, keys: dict[str, str], going_on: str) -> None:
    access = guarded.service.house.access
    made = make_key(access, "brief", ["read"])
    revoke_key(access, "brief")
    text = made.text.replace(made.key.prefix, "0b0e1e55")
    from tapehead.library.keys import digest_of

    ends = now_us() + 2_500_000
    access.add_key(replace(made.key, prefix="0b0e1e55", digest=digest_of(text), expires_at=ends))
    assert soon(lambda: web.get(f"{guarded.url}/readyz", headers=bearer(text)).status_code == 200)
    listener = Listener(f"{guarded.url}/api/v1/runs/{going_on}/events", bearer(text))
    listener.start()
    assert listener.ended()
    assert now_us() >= ends
    assert code_of(web.get(f"{guarded.url}/readyz", headers=bearer(text))) == "access.key"


def test_writes_are_audited_and_reads_are_not(guarded: Served, keys: dict[str, str]) -> None:
    path, runs = f"/api/v1/runs/{NO_RUN}/cancel", f"/api/v1/runs/{NO_RUN}/events"
    sent = {"x-request-id": "audited-1", **bearer(keys["run"])}
    assert web.post(guarded.url + path, headers=sent, json={"secret": "hidden"}).status_code == 404
    assert web.get(guarded.url + runs, headers=sent).status_code == 404
    assert web.post(guarded.url + path, headers={**sent, **bearer(keys["read"])}).status_code == 403
    assert web.post(guarded.url + path, headers={"x-request-id": "audited-1"}).status_code == 401

    def rows() -> list[dict[str, Any]]:
        answer = web.get(f"{guarded.url}/api/v1/audit", headers=bearer(keys["admin"])).json()
        return [row for row in answer["audit"] if row["request_id"] == "audited-1"]

    found = soon(lambda: rows() if len(rows()) >= 2 else None)
    assert [(row["who"], row["method"], row["path"], row["status"]) for row in found] == [
        (keys["read"][3:11], "POST", path, 403),
        (keys["run"][3:11], "POST", path, 404),
    ]
    assert {row["address"] for row in found} == {"127.0.0.1"}


def test_the_audit_log_is_read_in_pages(guarded: Served, keys: dict[str, str]) -> None:
    who, headers = keys["admin"][3:11], bearer(keys["admin"])

    def page(**params: Any) -> Any:
        return web.get(f"{guarded.url}/api/v1/audit", params={"who": who, **params}, headers=headers).json()

    for _ in range(3):
        web.post(f"{guarded.url}/api/v1/runs/{NO_RUN}/cancel", headers=headers)
    first = soon(lambda: (found := page(limit=2))["cursor"] and found)
    second = page(limit=1000, cursor=first["cursor"])
    numbers = [row["number"] for row in first["audit"] + second["audit"]]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) >= 3
    assert second["cursor"] is None
    assert page(limit=1001)["status"] == 422


def test_the_last_use_is_kept(guarded: Served, keys: dict[str, str]) -> None:
    web.get(f"{guarded.url}/readyz", headers=bearer(keys["write"]))
    access = guarded.service.house.access
    assert soon(lambda: next(key.used_at for key in access.all_keys() if key.name == "write"))


def test_too_many_requests_are_told_when_to_come_back(home: Path, keys: dict[str, str]) -> None:
    with serving_here(home, require_key=True, rate_per_s=0.01, rate_burst=3) as found:
        url = f"{found.url}/livez"
        answers = [web.get(url, headers=bearer(keys["read"])) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert (answers[3].headers["retry-after"], code_of(answers[3])) == ("100", "access.rate")
        # Another key, and nobody, have buckets of their own.
        assert web.get(url, headers=bearer(keys["run"])).status_code == 200
        assert web.get(url).status_code == 200


def test_beyond_the_loopback_nothing_is_bound_without_a_key(tmp_path: Path) -> None:
    ended = tapehead("serve", "--port", "free", "--host", "::", home=tmp_path / "home")
    assert ended.code == 2
    assert ended.out == ""
    assert "keys create --scope run --name me" in ended.err


def test_keys_from_the_command_line_open_a_service_and_stand_in_no_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = tapehead(
        "--json", "keys", "create", "--scope", "run", "--name", "ci", "--expires", "90d", home=home
    ).document
    assert (made["schema"], made["scopes"], made["usable"]) == ("tapehead.keys/1", ["run"], True)
    log = tmp_path / "log"
    with log.open("w") as err, serving(home, "--require-key", stderr=err) as found:
        web.get(f"{found.url}/readyz", headers=bearer(made["key"]))
        web.get(f"{found.url}/api/v1/runs/{made['key']}/events", params={"key": made["key"]})
        web.post(f"{found.url}/api/v1/runs", headers=bearer(made["key"]), json={"strategy": "none"})
        assert soon(lambda: log.read_text().count("\n") >= 3)
    assert made["prefix"] in log.read_text()
    secret = made["key"][-64:]
    assert secret not in log.read_text()
    assert not [file for file in home.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    listed = tapehead("keys", "list", "--json", home=home)
    assert secret not in listed.out
    assert [(key["name"], key["prefix"], key["usable"]) for key in listed.document["keys"]] == [
        ("ci", made["prefix"], True)
    ]
