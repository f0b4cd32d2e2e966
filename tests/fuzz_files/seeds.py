"""Small valid files of every format, written anew for each run."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet

ROWS = 40
HOUR_MS = 3_600_000
START_MS = 1_704_067_200_000
"""2024-01-01."""


def _prices() -> list[tuple[float, float, float, float, float]]:
    """Open, high, low, close, volume."""
    draw = np.random.default_rng(11)
    close = np.round(100 + np.cumsum(draw.normal(size=ROWS + 1)), 2)
    return [
        (float(a), round(max(a, b) + 0.5, 2), round(min(a, b) - 0.5, 2), float(b), float(place + 1))
        for place, (a, b) in enumerate(itertools.pairwise(close))
    ]


BARS = _prices()


def lines(
    stamp: str = "iso", mark: str = ",", header: str = "date,open,high,low,close,volume", end: str = "\n"
) -> bytes:
    """Bars as text."""
    rows = [header.replace(",", mark)] if header else []
    for place, row in enumerate(BARS):
        ms = START_MS + place * HOUR_MS
        day = np.datetime64(ms, "ms").item()
        later = np.datetime64(ms + 20 * 24 * HOUR_MS, "ms").item()
        when = {
            "iso": day.strftime("%Y-%m-%d %H:%M:%S"),
            "ms": str(ms),
            "us": str(ms * 1000),
            "offset": day.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
            "us date": later.strftime("%m/%d/%Y %H:%M"),
            "lean": day.strftime("%Y%m%d %H:%M"),
            "of day": str(place * 60_000),
        }[stamp]
        rows.append(mark.join([when, *(f"{value:.2f}" for value in row)]))
    return (end.join(rows) + end).encode()


def lean(*, scaled: bool, stamp: str, quotes: bool = False) -> bytes:
    """Bars as LEAN writes them."""
    rows = []
    for line in lines(stamp, header="").decode().splitlines():
        when, *values = line.split(",")
        prices = [str(round(float(value) * 10_000)) if scaled else value for value in values[:4]]
        rows.append(",".join([when, *prices, "5", *([*prices, "7"] if quotes else [])]))
    return ("\n".join(rows) + "\n").encode()


def zipped(**members: bytes) -> bytes:
    """A zip of members; `__` stands for a point."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return sink.getvalue()


def table() -> pa.Table:
    """Bars as columns, with a symbol."""
    stamps = pa.array([START_MS + place * HOUR_MS for place in range(ROWS)]).cast(pa.timestamp("ms", "UTC"))
    names = ("open", "high", "low", "close", "volume")
    prices = {name: [row[place] for row in BARS] for place, name in enumerate(names)}
    symbol = pa.array(["BTCUSDT", "ETHUSDT"] * (ROWS // 2)).dictionary_encode()
    return pa.table({"date": stamps, **prices, "symbol": symbol})


def columnar(form: str) -> bytes:
    """Bars as Parquet, Feather or an Arrow stream."""
    sink = io.BytesIO()
    if form == "parquet":
        parquet.write_table(table(), sink, compression="zstd", row_group_size=16)
    elif form == "feather":
        feather.write_feather(table(), sink, compression="lz4", chunksize=16)
    else:
        with ipc.new_stream(sink, table().schema) as writer:
            writer.write_table(table())
    return sink.getvalue()


def trades() -> str:
    """Trades of an exchange as CSV."""
    rows = [f"{START_MS + 700 * place},{place},{100 + place % 7}.5,0.{place + 1}" for place in range(ROWS)]
    return "timestamp,id,price,amount\n" + "\n".join(rows) + "\n"


def seeds() -> dict[str, bytes]:
    """Return name, with the folders that say what it is, to bytes."""
    rows = [[START_MS + place * HOUR_MS, *row] for place, row in enumerate(BARS)]
    sold = [[START_MS + place * 900, str(place), None, "sell", 1.5, 2.0, 3.0] for place in range(ROWS)]
    kline = "\n".join(
        f"{row[0]},{','.join(map(str, row[1:]))},{row[0] + HOUR_MS - 1},1.0,5,1.0,1.0,0" for row in rows
    ).encode()
    yahoo = lines("iso", header="Date,Open,High,Low,Close,Volume").replace(b"Volume", b"Adj Close")
    factors = b"20040819,0.9,0.5,1\n20140402,0.95,0.5,1135.1\n20501231,1,1,0\n"
    return {
        "crypto/BTCUSDT_1h.csv": lines(),
        "crypto/ETHUSDT_1h.csv.gz": gzip.compress(lines("ms"), mtime=0),
        "crypto/SOLUSDT.tsv": lines("us", mark="\t"),
        "crypto/ADAUSDT.csv": lines("offset", end="\r\n"),
        "crypto/XRPUSDT.csv": lines("us date", end="\r"),
        "crypto/BNBUSDT-1h-2024-01.zip": zipped(**{"BNBUSDT-1h-2024-01__csv": kline}),
        "crypto/two.zip": zipped(BTCUSDT__csv=lines(), ETHUSDT__csv=lines()),
        "crypto/BTC_USDT-1h.json": json.dumps(rows).encode(),
        "crypto/ETH_USDT-1h.json.gz": gzip.compress(json.dumps(rows).encode(), mtime=0),
        "crypto/XRP_ETH-trades.json": json.dumps(sold).encode(),
        "crypto/BTCUSDT-trades.csv": trades().encode(),
        "crypto/objects.json": json.dumps([dict(zip("tohlcv", row, strict=True)) for row in rows]).encode(),
        "crypto/panel.parquet": columnar("parquet"),
        "crypto/panel.feather": columnar("feather"),
        "crypto/panel.arrow": columnar("stream"),
        "shares/AAPL.csv": yahoo,
        "equity/usa/hour/aapl.zip": zipped(aapl__csv=lean(scaled=True, stamp="lean")),
        "equity/usa/minute/spy/20240102_quote.zip": zipped(a__csv=lean(scaled=True, stamp="of day", quotes=True)),
        "crypto/coinbase/minute/btcusd/20240102_trade.zip": zipped(a__csv=lean(scaled=False, stamp="of day")),
        "equity/usa/factor_files/goog.csv": factors,
    }


def write_seeds(folder: Path) -> list[str]:
    """Write every seed below a folder; return their names."""
    for name, data in seeds().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return list(seeds())
