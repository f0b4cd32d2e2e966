"""Lines, ranks and how two series move together."""

from tapehead.indicators.entry import DDOF, Compared, Indicator, bars

STATISTICS = (
    Indicator(
        "beta",
        "How much of a benchmark's return moves a line on average: covariance of returns over the benchmark's variance",
        ("values", "benchmark"),
        (bars(20, 2),),
        (),
        "period",
        20,
        "William Sharpe, Capital Asset Prices, Journal of Finance 19, 1964",
        (
            Compared("TA-Lib 0.8.2", 8e-14, "its sums run on through all bars"),
            Compared("Stock.Indicators", 5e-15, "rounding in the last digits"),
        ),
    ),
    Indicator(
        "correlation",
        "Pearson's correlation of the last `period` values of two lines, -1 to 1",
        ("values", "benchmark"),
        (bars(20, 2),),
        (),
        "period - 1",
        19,
        "Karl Pearson, 1895",
        (Compared("TA-Lib 0.8.2", 7e-12, "its sums run on through all bars"),),
    ),
    Indicator(
        "linear_regression",
        "Straight line through the last `period` values: its end, its slope a bar, and how much of them it explains",
        ("values",),
        (bars(14, 2),),
        ("value", "slope", "r2"),
        "period - 1",
        13,
        "arithmetic: least squares",
        (
            Compared("TA-Lib 0.8.2", 2e-12, "its sums run on through all bars"),
            Compared("Stock.Indicators", 2e-13, "rounding in the last digits"),
            Compared("Tulip", 5e-16, "rounding in the last digits"),
        ),
    ),
    Indicator(
        "percent_rank",
        "Share of the last `period` values before this one that lie below it, in percent",
        ("values",),
        (bars(100),),
        (),
        "period",
        100,
        "arithmetic",
        (Compared("TA-Lib 0.8.2", 2e-16, "rounding in the last digits"),),
    ),
    Indicator(
        "z_score",
        "How many standard deviations a value lies from the mean of the last `period`",
        ("values",),
        (bars(20, 2), DDOF),
        (),
        "period - 1",
        19,
        "arithmetic",
        (Compared("Stock.Indicators", 5e-14, "rounding in the last digits"),),
    ),
)
