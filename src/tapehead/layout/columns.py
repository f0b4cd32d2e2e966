"""Names, dtypes and flag bits of the columns of bars and trades."""

from typing import Final, Literal

Column = Literal["ts", "open", "high", "low", "close", "volume", "flags"]

BAR_COLUMNS: Final[tuple[Column, ...]] = ("ts", "open", "high", "low", "close", "volume", "flags")
BAR_DTYPES: Final[dict[Column, str]] = {
    "ts": "<i8",
    "open": "<f8",
    "high": "<f8",
    "low": "<f8",
    "close": "<f8",
    "volume": "<f8",
    "flags": "|u1",
}
PRICE_COLUMNS: Final[tuple[Column, ...]] = ("open", "high", "low", "close")

TRADED: Final = 1
PARTIAL: Final = 2
REPAIRED: Final = 4
SUSPECT: Final = 8
AFTER_HOLE: Final = 16
SYNTHETIC: Final = 32
FLAG_WORDS: Final = {
    TRADED: "traded",
    PARTIAL: "partial",
    REPAIRED: "repaired",
    SUSPECT: "suspect",
    AFTER_HOLE: "after_hole",
    SYNTHETIC: "synthetic",
}

TRADE_DTYPES: Final[dict[str, str]] = {
    "side": "|i1",
    "entry_bar": "<i4",
    "exit_bar": "<i4",
    "entry_price": "<f8",
    "exit_price": "<f8",
    "quantity": "<f8",
    "fees": "<f8",
    "profit": "<f8",
    "worst": "<f8",
    "best": "<f8",
    "reason": "|u1",
    "ambiguous": "|b1",
    "across_gap": "|b1",
    "decision_bar": "<i4",
    "entry_wanted": "<f8",
    "exit_wanted": "<f8",
    "slippage": "<f8",
    "borrow": "<f8",
    "shortfall": "<f8",
    "stop": "<f8",
    "target": "<f8",
    "trail": "<f8",
    "other_price": "<f8",
    "fills": "<i4",
    "tag": "<i4",
}
RATE_COLUMNS: Final = ("entry_rate", "exit_rate")
"""Columns (<f8) of trades in another currency than the account's; other trades have none."""
ORDER_DTYPES: Final[dict[str, str]] = {
    "decided": "<i4",
    "bar": "<i4",
    "side": "|i1",
    "opens": "|b1",
    "reason": "|u1",
    "status": "|u1",
    "quantity": "<f8",
    "wanted": "<f8",
    "price": "<f8",
    "fee": "<f8",
    "maker": "|b1",
    "trade": "<i4",
}
DECISION_COLUMNS: Final = (
    "side",
    "entry_bar",
    "exit_bar",
    "entry_price",
    "exit_price",
    "quantity",
    "fees",
    "profit",
    "reason",
)
"""The columns of a trade that a digest counts, in this order."""

REASONS: Final = (
    "signal",
    "stop",
    "target",
    "trail",
    "time",
    "flip",
    "square_off",
    "expiry",
    "delist",
    "liquidation",
    "end",
)
"""Why a position was closed; a trade holds the index (engine.md, section 5)."""

ORDER_STATUSES: Final = (
    "filled",
    "rounds_to_zero",
    "below_minimum",
    "level_behind_fill",
    "expired_in_gap",
    "expired",
    "cancelled",
    "replaced",
    "unfilled_at_end",
    "no_stop",
    "ruined",
    "no_cash",
    "no_place",
)
"""What became of an order; an order holds the index (engine.md, section 10)."""

SIGNAL: Final = REASONS.index("signal")
STOP: Final = REASONS.index("stop")
TARGET: Final = REASONS.index("target")
TRAIL: Final = REASONS.index("trail")
TIME: Final = REASONS.index("time")
FLIP: Final = REASONS.index("flip")
SQUARE_OFF: Final = REASONS.index("square_off")
LIQUIDATION: Final = REASONS.index("liquidation")
DELIST: Final = REASONS.index("delist")
END: Final = REASONS.index("end")
