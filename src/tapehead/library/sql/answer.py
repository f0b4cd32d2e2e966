"""The process that answers one query: bounded in memory and time, with no way to a file or a network through SQL."""

import json
import os
import resource
import sys
import threading
import time
from typing import Any, Final

import duckdb
import pyarrow as pa

from tapehead.errors import SqlError, TapeheadError
from tapehead.library.sql.bar_table import BarScan
from tapehead.library.sql.run_tables import instrument_table, run_table, trade_table
from tapehead.settings import processors, read_settings
from tapehead.wiring.assemble import House, assemble

_OWN_BYTES: Final = 2 << 30
"""What Python, NumPy, Arrow and a read of bars need beside the engine."""
_LISTENS_S: Final = 1.0
_once = threading.Lock()
_BATCH: Final = 65_536
_LONGEST: Final = 300
_LOOK: Final = "Its tables are bars, instruments, runs and trades: tapehead sql --help"
_WRITES: Final = "only one SELECT is answered, and this is {kind}"


def main() -> None:
    """Answer the question on standard input."""
    asked = json.load(sys.stdin)
    try:
        _leave(*_answer(asked))
    except TapeheadError as error:
        facts = {name: str(value) for name, value in error.facts.items()}
        _leave({"error": type(error).__name__, "text": str(error), "facts": facts}, b"")


def _leave(head: dict[str, Any], body: bytes) -> None:
    """Write the answer, and end without the destructors of the engine, which complain."""
    with _once:
        line = json.dumps(head).encode()
        sys.stdout.buffer.write(len(line).to_bytes(8, "big") + line + body)
        sys.stdout.buffer.flush()
        os._exit(0)


def _stop(link: Any, seconds: float, done: threading.Event, over: threading.Event) -> None:
    """Stop the engine at its limit; where it does not listen, as in a wide product, end the process."""
    if done.wait(seconds):
        return
    over.set()
    link.interrupt()
    if not done.wait(_LISTENS_S):
        _leave({"error": "SqlError", "text": str(_too_long(seconds)), "facts": {}}, b"")


def _answer(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Run the query over the tables of a snapshot."""
    limit = (asked["memory_mb"] << 20) + _OWN_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    house = assemble(read_settings(home=asked["home"]))
    number = house.bars.head() if asked["snapshot"] is None else asked["snapshot"]
    with house.bars.lease(number, asked["seconds"] + 60.0):
        return answer(house, asked, number)


def answer(house: House, asked: dict[str, Any], snapshot: int) -> tuple[dict[str, Any], bytes]:
    """Run a query under its limits, over the tables of a snapshot; return the facts and the rows as an Arrow stream."""
    scan = BarScan(house, snapshot)
    tables = {"bars": scan.table(), "instruments": instrument_table(house, snapshot)}
    tables |= {"runs": run_table(house), "trades": trade_table(house)}
    start, done, over = time.perf_counter(), threading.Event(), threading.Event()
    try:
        link = _engine(asked["memory_mb"])
        for name, table in tables.items():
            link.register(name, table)
        link.execute("SET lock_configuration = true")
        threading.Thread(target=_stop, args=(link, asked["seconds"], done, over), daemon=True).start()
        query = _checked(link, asked["query"])
        made, whole, plan = _planned(link, query) if asked["plan"] else _rows(link, query, asked)
    except (duckdb.Error, pa.ArrowException, MemoryError) as error:
        raise _told(error, asked, over=over.is_set()) from error
    finally:
        done.set()
    facts = {
        "snapshot": snapshot,
        "whole": whole,
        "plan": plan,
        "elapsed_s": time.perf_counter() - start,
        "scanned": {
            "series": scan.series,
            "held_series": scan.held,
            "segments": scan.segments,
            "bars": scan.rows,
            "columns": sorted(scan.columns),
        },
    }
    return facts, made


def _engine(memory_mb: int) -> Any:
    """Open an engine in memory that reaches no file, no network, no extension and no object of Python."""
    link = duckdb.connect(":memory:", config={"python_enable_replacements": False})
    settings = {
        "memory_limit": f"{memory_mb}MiB",
        "threads": processors(),
        "temp_directory": "",
        "TimeZone": "UTC",
        "allow_community_extensions": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_persistent_secrets": False,
        # The last: from here on nothing that touches a file can be set either.
        "enable_external_access": False,
    }
    for name, value in settings.items():
        link.execute(f"SET {name} = {value!r}")
    return link


def _checked(link: Any, text: str) -> str:
    """Return the one SELECT that a text is."""
    statements = link.extract_statements(text)
    if len(statements) != 1:
        raise SqlError(cause=f"it holds {len(statements)} statements, and one is answered at a time", step=_LOOK)
    (one,) = statements
    if one.type != duckdb.StatementType.SELECT:
        raise SqlError(cause=_WRITES.format(kind=str(one.type).rpartition(".")[2].replace("_", " ")), step=_LOOK)
    query: str = one.query
    return query


def _rows(link: Any, query: str, asked: dict[str, Any]) -> tuple[bytes, bool, None]:
    """Return the first rows as a stream, and whether they are all."""
    reader = link.execute(query).to_arrow_reader(_BATCH)
    batches, left, most, held = [], asked["rows"], asked.get("most_bytes"), 0
    for batch in reader:
        batches.append(batch.slice(0, left))
        left -= batch.num_rows
        held += batches[-1].nbytes
        if most is not None and held > most:
            step = "Ask for fewer rows or columns, or on its machine: tapehead sql --help"
            raise SqlError(cause=f"its rows take more than the {most >> 20:,} MB that are sent", step=step)
        if left < 0:
            break
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes(), left >= 0, None


def _planned(link: Any, query: str) -> tuple[bytes, bool, str]:
    """Run it for its plan, with the time and the rows of each step."""
    rows = link.execute(f"EXPLAIN ANALYZE {query}").fetchall()
    return b"", True, "\n".join(str(row[-1]).rstrip() for row in rows)


def _told(error: BaseException, asked: dict[str, Any], *, over: bool) -> SqlError:
    """Return what stopped a query, with what to do."""
    if over:
        return _too_long(asked["seconds"])
    if isinstance(error, (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError)):
        more = 2 * asked["memory_mb"]
        return SqlError(
            cause=f"it needs more memory than {asked['memory_mb']:,} MB",
            step=f"Ask for less of it, or give it more: --memory {more}",
        )
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return SqlError(cause=(lines[0] if lines else type(error).__name__)[:_LONGEST].rstrip(".?!"), step=_LOOK)


def _too_long(seconds: float) -> SqlError:
    """Return what is said of a query that met its limit of time."""
    step = f"Ask for less of it, or give it more: --seconds {4 * seconds:g}"
    return SqlError(cause=f"it took longer than {seconds:g} s", step=step)


if __name__ == "__main__":
    main()
