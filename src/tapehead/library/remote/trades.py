"""What is asked of a service about trades of other programs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tapehead.errors import TapeheadError
from tapehead.jobs.expand import check_file
from tapehead.library.remote.asking import Ask, Asking
from tapehead.library.remote.request import time_text
from tapehead.library.trade_columns import NEVER, read_trades
from tapehead.library.trade_report import TradeReport
from tapehead.library.trade_troubles import of_trades

_FILE = "trades.arrow"


def upload_trades(path: str, asked: Mapping[str, Any]) -> Asking[TradeReport]:
    """Keep the trades of a file of this machine."""
    try:
        check_file(path)
    except TapeheadError as error:
        raise of_trades(error) from error
    columns = asked.get("columns")
    joined = ",".join(f"{ours}={theirs}" for ours, theirs in columns.items()) if columns else None
    params = {**asked, "file": Path(path).name, "columns": joined}
    if params.get("end") is not None:
        params["end"] = time_text("end", params["end"])
    answer = yield Ask("POST", "/runs/trades", params, file=path)
    return TradeReport.from_json(answer.json())


def send_trades(
    trades: Any, symbol: str | None, columns: Mapping[str, str] | None, asked: Mapping[str, Any]
) -> Asking[TradeReport]:
    """Keep trades of this process: they travel as a file of Arrow, exactly and of any number."""
    import pyarrow as pa
    from pyarrow import ipc

    read = read_trades(trades, symbol, columns)
    held: dict[str, Any] = {name: values for name, values in read._asdict().items() if name != "reason"}
    for name in ("entry_time", "exit_time"):
        held[name] = pa.array(held[name], pa.timestamp("us", "UTC"), mask=held[name] == NEVER)
    held["instrument"] = pa.array(held["instrument"].tolist(), pa.string())
    held["side"] = pa.array(np.where(held["side"] > 0, "long", "short").tolist(), pa.string())
    held["reason"] = pa.array(read.words(), pa.string())
    table = pa.table(held)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / _FILE)
        with pa.OSFile(path, "wb") as file, ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return (yield from upload_trades(path, asked))
