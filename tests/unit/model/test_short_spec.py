"""A spec for lists: given rows as their number, their ends and their hash; everything else as it is."""

from __future__ import annotations

import hashlib
import json

from tapehead.model.given import GivenFacts, GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.model.short_spec import short_spec
from tapehead.model.spec import RunSpec, canonical

DAY = 86_400_000_000


def test_rows_that_were_given_are_told_by_number_ends_and_hash() -> None:
    weights = GivenWeights(tuple((k * DAY, (("a:A", 0.5), ("a:B", 0.25))) for k in range(50_000)))
    facts = GivenFacts(((DAY, "a:A", "dividend", 1.0), (DAY, "a:B", "split", 2.0), (3 * DAY, "a:A", "split", 2.0)))
    plain = RunSpec("BuyAndHold", {}, "1d", universe="all", portfolio=Pooling(max_positions=3))
    spec = RunSpec("BuyAndHold", {}, "1d", universe="all", portfolio=Pooling(weights=weights, facts=facts)).to_json()
    short = short_spec(spec)
    first, last = (row[0] for row in (sorted(spec["portfolio"]["weights"].items())[k] for k in (0, -1)))
    assert short["portfolio"]["weights"] == {
        "rows": 100_000,
        "first": first,
        "last": last,
        "sha256": hashlib.sha256(canonical(spec["portfolio"]["weights"])).hexdigest(),
    }
    assert list(short["portfolio"]["facts"].items())[:3] == [
        ("rows", 3),
        ("first", "1970-01-02T00:00:00Z"),
        ("last", "1970-01-04T00:00:00Z"),
    ]
    assert {name: value for name, value in short.items() if name != "portfolio"} == {
        name: value for name, value in spec.items() if name != "portfolio"
    }
    assert len(json.dumps(short)) < 1_000
    assert short_spec(short) == short
    assert RunSpec.from_json(spec).portfolio == Pooling(weights=weights, facts=facts)
    assert short_spec(plain.to_json()) == plain.to_json()
