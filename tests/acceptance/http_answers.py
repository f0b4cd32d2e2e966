"""What the tests of HTTP answers share: a home with a small market, and answers held against their schemas."""

import json
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

import tapehead as th

M = TypeVar("M", bound=BaseModel)
INSTRUMENTS, HOURS = 6, 8_743
PATIENCE_S = 120


def make_market(home: Path) -> Path:
    """Make the synthetic market of a few instruments and a year."""
    with th.open(home) as store:
        store.demo(instruments=INSTRUMENTS, years=1)
    return home


def client(url: str, **headers: str) -> httpx.Client:
    """Return a client of a service, below its interface; it takes bodies as they are."""
    return httpx.Client(
        base_url=f"{url}/api/v1", headers={"Accept-Encoding": "identity", **headers}, timeout=PATIENCE_S
    )


def told(response: httpx.Response, model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    """Return the JSON of an answer that its schema allows."""
    assert response.status_code == status, response.text
    assert b"NaN" not in response.content
    model.model_validate_json(response.content, strict=True)
    return json.loads(response.content)


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer is."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["detail"].strip()
    assert body["request_id"]
    return body
