"""What a run is made of and how it was checked: settings, verdict, warnings, receipt."""

from collections.abc import Sequence
from typing import Any

from tapehead.library.rules import RATES
from tapehead.library.tear import figures
from tapehead.library.tear.facts import Facts
from tapehead.library.tear.parts import pairs, section
from tapehead.library.tear.words import flag_words
from tapehead.model.given import GivenFacts, GivenWeights
from tapehead.model.given_trades import ELSEWHERE
from tapehead.model.markup import Html, tag
from tapehead.model.rules import Rules
from tapehead.model.spec import RULE_KEYS, RunSpec, iso

_ALWAYS = ("fill", "fee", "slippage", "size", "cash", "side", "path", "close_at_end")
_NAMES = 6
_WARNINGS = 20


def settings(spec: RunSpec, facts: Facts) -> Html:
    """Return what the run was told; settings at their default only where a reader always asks."""
    default = Rules()
    rows: list[tuple[object, object]] = [("strategy", spec.strategy.rpartition("/")[2])]
    rows += [(f"-p {name}", _plain(value)) for name, value in spec.parameters.items()]
    whom = f"universe {spec.universe}" if spec.universe else f"{len(spec.symbols or ())} named"
    rows += [("instruments", whom), ("interval", spec.interval)]
    rows += [
        (name, f"{figures.moment(at)} UTC") for name in ("start", "end") if (at := getattr(spec, name)) is not None
    ]
    always = ("cash",) if ELSEWHERE in facts.stamps else _ALWAYS
    for name in RULE_KEYS:
        value = getattr(spec.rules, name)
        if name in always or value != getattr(default, name):
            rows.append((name.replace("_", " "), _setting(name, value, spec.rules)))
    if ELSEWHERE in facts.stamps:
        return section("Settings", pairs(rows), note=f"The run was {ELSEWHERE}.")
    if spec.portfolio is not None:
        given = [(name, getattr(spec.portfolio, name)) for name in spec.portfolio.to_json()]
        rows += [(name.replace("_", " "), _plain(value)) for name, value in given]
    rows.append(("signals see prices adjusted for", facts.adjust))
    return section("Settings", pairs(rows), note="Every other setting is at its default.")


def _setting(name: str, value: Any, rules: Rules) -> str:
    """Return a setting with its unit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    is_rate = name in RATES or name == "fee" or (name == "slippage" and rules.slippage_kind == "fraction")
    is_rate = is_rate or (name == "size" and rules.sizing in ("fraction", "risk"))
    if is_rate and isinstance(value, int | float):
        return f"{_plain(value * 100)} %" if abs(value) >= 0.01 or value == 0 else f"{_plain(value * 10_000)} bps"
    return _plain(value).replace("_", " ")


def _plain(value: object) -> str:
    """Return a value without needless digits; of a table how many rows it has."""
    if isinstance(value, GivenWeights | GivenFacts):
        return value.in_words()
    return f"{value:,.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def verdict_words(facts: Facts) -> tuple[str, bool]:
    """Say what the look-ahead test found, and whether that is bad."""
    told = facts.look_ahead
    if told is None:
        return "look-ahead not tested", False
    if told.get("found"):
        return "looks ahead", True
    return "no look-ahead found", False


def verdict_line(facts: Facts) -> str:
    """Say what the look-ahead test covered."""
    told = facts.look_ahead
    if told is None:
        return "The look-ahead test did not run."
    covered = ", ".join(f"{name.replace('_', ' ')} {figures.count(value)}" for name, value in told.items()
                        if isinstance(value, int) and not isinstance(value, bool))  # fmt: skip
    begin = "It looks ahead: signals before a cut changed with bars after it" if told.get("found") else "None found"
    return f"{begin} ({covered})." if covered else f"{begin}."


def instrument_warnings(flags: Sequence[str], facts: Facts, instrument: str) -> Html:
    """Return flags and warnings of one instrument in words."""
    lines = [tag("li", tag("b", flag.replace("_", " ")), f": {flag_words(flag)}") for flag in flags]
    lines += [tag("li", text) for text in facts.warned(instrument)]
    lines += [tag("li", tag("b", stamp)) for stamp in facts.stamps]
    return section("Look twice", tag("ul", *lines, class_="warnings") if lines else tag("p", "Nothing to look at."))


def run_warnings(facts: Facts, total: int) -> Html:
    """Return what was warned of, each text once, with those it was given to."""
    told = facts.grouped()
    lines = [tag("li", tag("b", stamp)) for stamp in facts.stamps]
    for text, names in told[:_WARNINGS]:
        whom = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else "")
        lines.append(tag("li", tag("b", f"{len(names):,} of {total:,}: " if len(names) > 1 else ""), text, " ",
                         tag("small", tag("bdi", whom))))  # fmt: skip
    note = None
    if len(told) > _WARNINGS:
        note = f"{_WARNINGS} of {len(told):,} different warnings are shown, the most frequent first."
    body = tag("ul", *lines, class_="warnings") if lines else tag("p", "Nothing to look at.")
    return section("Look twice", body, note=note)


def receipt(facts: Facts) -> Html:
    """Return what the run can be made again from."""
    record, kept = facts.record, facts.record.receipt
    state = "not finished" if record.state == "running" else record.state
    failed = f", {record.failed:,} failed" if record.failed else ""
    rows: list[tuple[object, object]] = [
        ("run", _code(record.run)),
        ("state", f"{state}: {record.count:,} done{failed}"),
        ("made", f"{iso(record.created_at // 1_000_000 * 1_000_000)[:-1].replace('T', ' ')} UTC"),
        ("snapshot", f"{record.snapshot:,}"),
        ("look-ahead", verdict_line(facts)),
    ]
    if kept is None:
        rows.append(("receipt", "None; only a completed run has one."))
    else:
        rows += [("receipt", _code(record.key.receipt())), ("digest", _code(kept.digest))]
        named = zip(("spec", "strategy", "engine", "data"), record.key, strict=True)
        rows += [(f"key of {name}", _code(value.hex())) for name, value in named]
        segments = sum(len(hashes) for hashes in kept.segments.values())
        rows.append(("segments", f"{segments:,} of {len(kept.segments):,} instruments"))
        rows += [(name, value) for name, value in sorted({**kept.versions, **kept.platform}.items())]
    rows.append(("stamps", "; ".join(facts.stamps) or "none"))
    if ELSEWHERE in facts.stamps:
        return section("Receipt", pairs(rows), note="Nothing here can make it again: another program made the trades.")
    note = tag("span", "Make it again and compare every bit: ", _code(f"tapehead verify {facts.short}"))
    return section("Receipt", pairs(rows), note=note)


def _code(text: str) -> Html:
    """Return an identity or a command."""
    return tag("code", text)
