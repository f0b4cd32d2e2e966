"""What the routes kept for older scripts take and give."""

from pydantic import BaseModel, ConfigDict, Field

from tapehead.api.wire.told import Told


class StreamRequest(BaseModel):
    """A strategy on every cryptocurrency that has bars."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"strategy_id": "RsiReversion", "parameters": {"period": 14}}]}
    )

    strategy_id: str | int = Field(
        description="Name of a strategy, or its place, from 1, in `GET /api/v1/strategies`.", examples=["RsiReversion"]
    )
    parameters: dict[str, int | float | str] | None = Field(None, max_length=100)


class Cryptocurrency(Told):
    """A cryptocurrency that has bars."""

    id: str
    symbol: str
    name: str
    is_active: bool
    has_price_data: bool


class PriceRow(Told):
    """One bar."""

    datetime: str
    open: float
    high: float
    low: float
    close: float
    volume: float
