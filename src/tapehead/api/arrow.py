"""arrow: columns as the bytes of an Arrow stream."""

from typing import Any

from tapehead.model.frames import Frame, arrow_table

MEDIA_TYPE = "application/vnd.apache.arrow.stream"


def arrow_bytes(frame: Frame, **facts: Any) -> bytes:
    """Return the columns of a frame as an Arrow IPC stream.

    Parameters
    ----------
    frame : Frame
    **facts
        Text to stand in the metadata of the schema beside what stands there already; None is left out.
    """
    # Here, not above: a service that is asked for JSON only never loads it.
    import pyarrow as pa

    table = arrow_table(*frame)
    told = {**(table.schema.metadata or {}), **{name: str(value) for name, value in facts.items() if value is not None}}
    table = table.replace_schema_metadata(told or None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
