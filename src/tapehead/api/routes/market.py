"""Instruments, coverage and universes."""

from bisect import bisect_right
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from tapehead.api.answer import answer, document, takes_json
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.etag import Fragments, Kept, make_tag
from tapehead.api.pages import page_by_name
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.market import (
    CoveragePage,
    InstrumentsPage,
    Kind,
    UniverseKept,
    UniverseMembers,
    UniverseRequest,
    Universes,
)
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import ParameterError
from tapehead.library.documents.ledgers import aside_json, ledger_json
from tapehead.library.documents.market import universe_json, universe_row, years_json
from tapehead.library.ledgers import Covered
from tapehead.library.listing import InstrumentRow
from tapehead.library.store import Store
from tapehead.model.segment import Universe
from tapehead.model.spec import iso

router = APIRouter(prefix="/api/v1", tags=["market"], dependencies=[Depends(takes_json)])
After = Annotated[str, Query(max_length=400, description="Only those whose names come after it.")]


class _Covering(NamedTuple):
    """Of what coverage is asked, and how much of it is told."""

    symbols: str | None
    universe: str | None
    interval: str | None
    gaps: bool
    quarantine: bool
    cells: int
    months: bool
    snapshot: int | None
    cursor: str | None
    limit: int
    holes: int
    aside: int


@router.get("/instruments", response_model=InstrumentsPage, responses={**forms(), **answers(404)})
def list_instruments(
    request: Request,
    kind: Kind | None = None,
    venue: Annotated[str | None, Query(max_length=200)] = None,
    universe: Annotated[str | None, Query(max_length=200, description="Its members now.")] = None,
    has_data: Annotated[bool | None, Query(description="Only those with bars, or only those without.")] = None,
    query: Annotated[str | None, Query(max_length=200, description="Part of the name, in any case.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 500,
    after: After = "",
) -> Response:
    """List instruments by name, with what is held of each."""
    last = read_cursor("instruments", cursor, [str])
    store, known = service_of(request).store, request.app.state.answers
    # Who belongs to a universe may change without a commit; whatever else stands here does not.
    question = ("instruments", store.house.bars.head(), kind, venue, has_data, query, cursor, limit, after)
    tag = known.tag(question) if universe is None else None
    kept = None if tag is None else known.body(tag)
    if kept is None:
        rows = store.instruments(query, kind, venue, universe, after=after)
        if has_data is not None:
            rows = [row for row in rows if bool(row.intervals) == has_data]
        first = 0 if last is None else bisect_right(rows, last[0], key=_name)
        body = _page(rows, first, limit, request.app.state.fragments)
        kept = Kept(make_tag(body), body, {})
        if universe is None:
            known.note(question, kept.tag)
            known.keep(kept)
    return answer(request, kept.body, tag=kept.tag)


@router.get("/coverage", response_model=CoveragePage, responses={**forms(), **answers(404)})
def list_coverage(
    request: Request,
    symbols: Annotated[
        str | None, Query(max_length=20_000, description="`A,B`; all that is held where absent.")
    ] = None,
    universe: Annotated[str | None, Query(max_length=200)] = None,
    interval: Annotated[str | None, Query(max_length=20, description="Only series of this one.")] = None,
    gaps: Annotated[bool, Query(description="List every hole.")] = False,
    quarantine: Annotated[bool, Query(description="List the rows that imports set aside.")] = False,
    cells: Annotated[int, Query(ge=0, le=2_000, description="Width of the strips; 0 for none.")] = 0,
    months: Annotated[bool, Query(description="Strips with a cell a calendar month, UTC, instead of `cells`.")] = False,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store; the newest.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Instruments of a page.")] = 100,
    holes: Annotated[
        int, Query(ge=1, le=100_000, description="List so many of a series, the oldest; `holes_left` tells of others.")
    ] = 10_000,
    aside: Annotated[int, Query(ge=1, le=10_000, description="List so many rows set aside, the oldest.")] = 1_000,
) -> Response:
    """Tell for each series which bars of its calendar are held, confirmed empty or missing."""
    asked = _Covering(
        symbols, universe, interval, gaps, quarantine, cells, months, snapshot, cursor, limit, holes, aside
    )
    store, known = service_of(request).store, request.app.state.answers
    # As with the instruments; rows that an import set aside may come without a commit too.
    stays = universe is None and not quarantine
    head = store.house.bars.head()
    tag = known.tag((asked, head)) if stays else None
    kept = None if tag is None else known.body(tag)
    if kept is None:
        number, body = _cover(store, asked)
        kept = Kept(make_tag(body), body, {})
        if stays and number in (head, snapshot):
            known.note((asked, head), kept.tag)
            known.keep(kept)
    return answer(request, kept.body, tag=kept.tag)


@router.get("/universes", response_model=Universes, responses={**forms(), **answers()})
def list_universes(
    request: Request,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 500,
    after: After = "",
) -> Response:
    """List the universes by name; `all` and the kinds are built in."""
    every = service_of(request).store.universes(after=after)
    held, more = page_by_name("universes", every, _called, cursor, limit)
    return answer(request, document("universe", {"universe": [universe_row(one) for one in held], "cursor": more}))


@router.get("/universes/{name:path}", response_model=UniverseMembers, responses={**forms(), **answers(404)})
def show_universe(
    request: Request,
    name: str,
    at: Annotated[str | None, Query(max_length=40, description="The day, UTC; the one after the newest bar.")] = None,
    interval: Annotated[str | None, Query(max_length=20, description="Bars that a filter's figures come from.")] = None,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=20_000, description="Members of a page.")] = 5_000,
) -> Response:
    """List who belongs to a universe on a day, by name, and how many did by year."""
    store = service_of(request).store
    one = store.universe(name)
    roll = store.members(name, at, interval=interval, snapshot=snapshot)
    page, more = page_by_name("members", sorted(roll.members), str, cursor, limit)
    facts = {"at": iso(roll.day), "members": len(roll.members), "by_year": years_json(roll), "cursor": more}
    return answer(request, document("universe", {**universe_json(one, page), **facts}))


@router.post("/universes", status_code=201, response_model=UniverseKept, responses=answers(404))
def create_universe(request: Request, asked: UniverseRequest) -> Response:
    """Keep a list of instruments, or a filter, under a name."""
    made = service_of(request).store.create_universe(asked.name, asked.symbols, where=asked.where)
    return Response(document("universe", universe_json(made, made.symbols)), 201, media_type="application/json")


@router.delete("/universes/{name:path}", status_code=204, response_class=Response, responses=answers(404))
def delete_universe(request: Request, name: str) -> None:
    """Forget a universe; its bars stay."""
    service_of(request).store.delete_universe(name)


def _page(rows: list[InstrumentRow], first: int, limit: int, fragments: Fragments) -> bytes:
    """Return the document of some rows."""
    page = rows[first : first + limit]
    more = write_cursor("instruments", _name(page[-1])) if first + limit < len(rows) else None
    told = list(map(fragments.of, page))
    return document("instruments", {"instruments": told, "cursor": more})


def _called(one: Universe) -> str:
    """Return what universes are ordered by."""
    return one.name


def _name(row: InstrumentRow) -> str:
    """Return what instruments are ordered by."""
    return row.instrument.name


def _cover(store: Store, asked: _Covering) -> tuple[int, bytes]:
    """Return the document of coverage, and the snapshot it is of."""
    last = read_cursor("coverage", asked.cursor, [str])
    named = None if asked.symbols is None else [one.strip() for one in asked.symbols.split(",") if one.strip()]
    universe, interval = asked.universe, asked.interval
    if named is not None and universe is not None:
        raise ParameterError(name="universe", value=universe, bound="left out where symbols are named")
    names = _held_names(store, named, asked)
    first = 0 if last is None else bisect_right(names, last[0])
    page = names[first : first + asked.limit]
    drawn: dict[str, Any] = {"cells": asked.cells, "months": asked.months, "snapshot": asked.snapshot}
    covered = store.coverage(page, interval=interval, runs=asked.gaps, **drawn) if page else None
    if covered is None and interval is not None and last is None:
        covered = store.coverage(named, universe=universe, interval=interval, snapshot=asked.snapshot)
    body: dict[str, Any] = _covered_json(store, covered, asked)
    if asked.quarantine:
        some = page if named or universe or len(page) < len(names) else None
        rows = store.quarantined(some, limit=asked.aside, snapshot=asked.snapshot)
        body["quarantine"] = [aside_json(row) for row in rows]
    body["cursor"] = write_cursor("coverage", page[-1]) if first + asked.limit < len(names) else None
    return body["snapshot"], document("coverage", body)


def _held_names(store: Store, named: list[str] | None, asked: _Covering) -> list[str]:
    """Return the names of the instruments that have bars, of an interval if one is asked for."""
    if named is not None or asked.snapshot is not None:
        held = store.held_series(named, asked.universe, asked.interval, asked.snapshot)
        return sorted({one.instrument for one in held})
    rows = store.instruments(universe=asked.universe)
    return [_name(row) for row in rows if any(asked.interval in (None, held[0]) for held in row.intervals)]


def _covered_json(store: Store, covered: Covered | None, asked: _Covering) -> dict[str, Any]:
    """Return plain values of coverage; `strip` where one is drawn."""
    if covered is None:
        number = store.house.bars.head() if asked.snapshot is None else asked.snapshot
        return {"snapshot": number, "start": None, "end": None, "coverage": []}
    drawn = asked.cells or asked.months
    rows = [{**ledger_json(one, asked.gaps), **({"strip": one.strip} if drawn else {})} for one in covered.ledgers]
    for row in rows if asked.gaps else ():
        row["holes_left"] = max(len(row["runs"]) - asked.holes, 0)
        row["runs"] = row["runs"][: asked.holes]
    return {"snapshot": covered.snapshot, "start": iso(covered.start), "end": iso(covered.end), "coverage": rows}
