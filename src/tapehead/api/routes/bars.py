"""Bars of one instrument: pages that stay as they were, and charts of few points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from tapehead.api import arrow
from tapehead.api.answer import TABLE, answer, document, pick_media, unchanged
from tapehead.api.arrow import arrow_bytes
from tapehead.api.cursors import read_cursor, write_cursor
from tapehead.api.etag import Answers, Kept, make_tag
from tapehead.api.measure.stages import stage
from tapehead.api.routes.runs import service_of
from tapehead.api.wire.bars import BarsPage
from tapehead.api.wire.problem import answers
from tapehead.api.wire.told import Cursor, forms
from tapehead.errors import ParameterError
from tapehead.jobs.lookup import Reading, Trace
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.library.documents.prices import flag_words, reading_facts
from tapehead.library.store import Store
from tapehead.model.frames import Frame
from tapehead.model.table import Table
from tapehead.wiring.platform import version_facts

router = APIRouter(prefix="/api/v1", tags=["market"])
_FORM = "bars/1"
_FLAGS = [flag_words(flags) for flags in range(256)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one page is of; `pinned` where the snapshot was named, by itself or by a cursor."""

    symbol: str
    interval: str | None
    start: str | int | None
    end: str | None
    columns: tuple[str, ...]
    points: int | None
    limit: int
    snapshot: int
    pinned: bool
    media: str

    @property
    def read(self) -> dict[str, Any]:
        """Return what is to be read: times too, for they say where the next page begins."""
        columns = self.columns if self.points is not None or "ts" in self.columns else ("ts", *self.columns)
        return {
            "interval": self.interval,
            "start": self.start,
            "end": self.end,
            "points": self.points,
            "columns": columns,
            "snapshot": self.snapshot,
        }

    @property
    def whole(self) -> str:
        """Return what every page of one question shares, as a cursor names it."""
        return make_tag(repr((self.symbol, self.interval, self.end, self.columns)))[1:17]


@router.get("/bars/{symbol:path}", response_model=BarsPage, responses={**forms(columns=True), **answers(404)})
def read_bars(
    request: Request,
    symbol: Annotated[
        str, Path(min_length=1, max_length=200, description="`SYMBOL`, or `venue:SYMBOL`.", examples=["BTCUSDT"])
    ],
    interval: Annotated[
        str | None, Query(max_length=20, description="One that is held, or any that it makes up.")
    ] = None,
    start: Annotated[str | None, Query(max_length=40, description="First bar, ISO; UTC without a zone.")] = None,
    end: Annotated[str | None, Query(max_length=40, description="End, not included.")] = None,
    columns: Annotated[str | None, Query(max_length=100, description=f"Some of `{','.join(BAR_COLUMNS)}`.")] = None,
    points: Annotated[
        int | None,
        Query(
            ge=2,
            le=20_000,
            description="At most so many bars, for a chart: by exact first, highest, lowest, last and sum. Of closes "
            "without another price or volume (`columns=ts,close`), those bars that keep every extreme of the line.",
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100_000, description="Bars of a page; not with `points`.")] = 10_000,
    snapshot: Annotated[int | None, Query(ge=0, le=2**53, description="State of the store; the newest.")] = None,
) -> Response:
    """Read bars, unfinished ones included, oldest first. Every page of one question is of one snapshot."""
    store, media = service_of(request).store, pick_media(request, TABLE)
    named = BAR_COLUMNS if columns is None else tuple(one.strip() for one in columns.split(",") if one.strip())
    number = store.house.bars.head() if snapshot is None else snapshot
    asked = _Asked(symbol, interval, start, end, named, points, limit, number, snapshot is not None, media)
    asked = _after(asked, cursor)
    known: Answers = request.app.state.answers
    told = {"Tapehead-Snapshot": str(asked.snapshot)}
    tag = known.tag(asked)
    if tag is None:
        tag = _tag(store, asked)
        known.note(asked, tag)
    held = unchanged(request, tag, told)
    if held is not None:
        return held
    kept = known.body(tag)
    if kept is None:
        kept = _make(store, asked, tag, request)
        known.keep(kept)
    return answer(request, kept.body, asked.media, tag=tag, headers={**told, **kept.headers})


def _after(asked: _Asked, cursor: str | None) -> _Asked:
    """Return what a cursor goes on with."""
    place = read_cursor("bars", cursor, [str, int, int])
    if place is None:
        return asked
    whole, snapshot, start = place
    if whole != asked.whole or asked.points is not None or (asked.pinned and asked.snapshot != snapshot):
        bound = "the one that a page of the same question gave: symbol, interval, end and columns as there, no points"
        raise ParameterError(name="cursor", value=str(cursor)[:40], bound=bound)
    return replace(asked, snapshot=snapshot, pinned=True, start=start)


def _tag(store: Store, asked: _Asked) -> str:
    """Return the tag of an answer by what it would be read from."""
    (found,) = store.trace([asked.symbol], **asked.read)
    question = (asked.start, asked.end, asked.columns, asked.points, asked.limit, asked.media)
    # A page that may be followed by another names its snapshot in the cursor, so it is another answer at another one.
    number = asked.snapshot if asked.pinned or (asked.points is None and found.rows > asked.limit) else None
    parts = (_FORM, version_facts()["tapehead"], repr(question), repr(number), _facts(found))
    return make_tag(*parts, *found.segments)


def _facts(found: Trace) -> str:
    """Return what an answer depends on beside the segments."""
    one = found.instrument
    empty = [(each.start, each.end) for each in found.empty]
    return repr((one.name, one.calendar, found.interval.text, found.source.text, empty))


def _make(store: Store, asked: _Asked, tag: str, request: Request) -> Kept:
    """Read the bars and return the answer."""
    with stage("read"):
        (found,) = store.look_up([asked.symbol], **asked.read)
    cursor = None
    if asked.points is None and found.table.rows > asked.limit:
        cursor = write_cursor("bars", asked.whole, asked.snapshot, int(found.table.ts[asked.limit]))
    rows = {name: values[: asked.limit if asked.points is None else None] for name, values in found.table.items()}
    found = replace(found, table=Table(rows, found.table.metadata))
    headers = {} if cursor is None else {"Link": f'<{_next(request, cursor)}>; rel="next"'}
    if asked.media == arrow.MEDIA_TYPE:
        frame = Frame({name: rows[name] for name in asked.columns}, found.table.metadata)
        return Kept(tag, arrow_bytes(frame, cursor=cursor), headers)
    body = {**_body(found, asked), "cursor": cursor}
    return Kept(tag, document("bars", body), headers)


def _body(found: Reading, asked: _Asked) -> Mapping[str, Any]:
    """Return the values of a page; arrays as they are."""
    plain: dict[str, Any] = {}
    for name in asked.columns:
        values = found.table[name]
        if name == "ts":
            plain[name] = values.view("datetime64[us]")
        else:
            plain[name] = [_FLAGS[flags] for flags in values.tolist()] if name == "flags" else values
    facts = {**reading_facts(found), "snapshot": asked.snapshot if asked.pinned else None}
    return {**facts, "bars": plain}


def _next(request: Request, cursor: str) -> str:
    """Return the path of the next page."""
    params = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*params, ('cursor', cursor)])}"
