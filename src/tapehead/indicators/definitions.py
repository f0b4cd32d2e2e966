"""Definitions: what each indicator of the catalogue is in a formula, in the letters of its own call."""

DEFINITIONS: dict[str, tuple[str, str]] = {
    "ad": (
        "high, low, close, volume",
        "Σ volume · ((close − low) − (high − close))/(high − low) from the first bar; a bar without a range adds 0",
    ),
    "adosc": (
        "high, low, close, volume, fast, slow",
        "fast less slow exponential average of `ad`, both begun at its first value",
    ),
    "adx": (
        "high, low, close, n",
        (
            "`plus_di`, `minus_di`: 100 · smoothed movement up (down)/smoothed true range, a bar's movement the "
            "larger of the two if above 0; `adx`: Wilder's average of 100 · |+DI − −DI|/(+DI + −DI). Sums begin with "
            "n − 1 bars, which other tools do with n; the difference fades in some hundred bars"
        ),
    ),
    "alma": (
        "x, n, offset, sigma",
        "weights exp(−(i−m)²/(2s²)), i from 0 for the oldest, m = ⌊offset · (n−1)⌋, s = n/sigma",
    ),
    "aroon": (
        "high, low, n",
        (
            "`up`: 100 · (n − bars since the highest high of the last n+1)/n, the newest of equal ones; `down` of the "
            "lowest low; `oscillator` up less down"
        ),
    ),
    "atr": (
        "high, low, close, n",
        "Wilder's average of true ranges, from the mean of the first n",
    ),
    "awesome_oscillator": (
        "high, low, fast, slow",
        "sma((high+low)/2, fast) − sma((high+low)/2, slow)",
    ),
    "beta": (
        "x, benchmark, n",
        "covariance over the benchmark's variance, of the last n returns of both; unknown where it stands still",
    ),
    "bollinger": (
        "x, n, width, ddof",
        "`middle` the mean, `upper` and `lower` width deviations from it. ddof 0 is Bollinger's, 1 that of data frames",
    ),
    "bop": (
        "open, high, low, close",
        "(close − open)/(high − low); 0 where the bar has no range",
    ),
    "cci": (
        "high, low, close, n",
        "(typical − its mean)/(0.015 · mean |typical − mean|) of the last n; 0 where nothing moves",
    ),
    "chande_kroll": (
        "high, low, close, n, width, smooth",
        (
            "`short`: highest of the last `smooth` of highest high(n) − width · atr(n); `long`: lowest of lowest "
            "low(n) + width · atr(n)"
        ),
    ),
    "chandelier": (
        "high, low, close, n, width",
        "`long`: highest high(n) − width · atr(n); `short`: lowest low(n) + width · atr(n)",
    ),
    "choppiness": (
        "high, low, close, n",
        (
            "100 · log(Σ true range/(highest true high − lowest true low))/log(n), a true high the higher of high and "
            "close before; 100 where nothing moved"
        ),
    ),
    "cmf": (
        "high, low, close, volume, n",
        "Σ volume · ((close − low) − (high − close))/(high − low) over Σ volume of the last n; 0 without volume",
    ),
    "cmo": (
        "x, n",
        (
            "100 · (G−L)/(G+L), G and L the sums of the last n gains and losses; 0 where nothing moved. TA-Lib's CMO "
            "smooths them as Wilder does, its CMOU is this"
        ),
    ),
    "connors_rsi": (
        "x, n, streak, rank",
        (
            "(rsi(x, n) + rsi(length of the streak, streak) + share of the last `rank` returns below this one, in "
            "percent)/3"
        ),
    ),
    "coppock": (
        "x, long, short, n",
        "wma(roc(x, long) + roc(x, short), n)",
    ),
    "correlation": (
        "x, benchmark, n",
        "Pearson's, of the last n values of both; unknown where one stands still",
    ),
    "dema": (
        "x, n",
        "2 · ema − ema of that ema",
    ),
    "donchian": (
        "high, low, n",
        (
            "highest high and lowest low of the last n, this bar included, and their middle. For breakouts compare "
            "with the bar before"
        ),
    ),
    "dpo": (
        "x, n",
        "x[−(n//2+1)] − sma(x, n): as it is known at the bar, never drawn back",
    ),
    "ease_of_movement": (
        "high, low, volume, n, scale",
        (
            "mean of the last n of (middle − middle before) · (high − low)/(volume/scale), the middle (high+low)/2; 0 "
            "without volume"
        ),
    ),
    "efficiency_ratio": (
        "x, n",
        "|x − x[−n]|/Σ|changes| of the last n; 0 where nothing moved",
    ),
    "elder_ray": (
        "high, low, close, n",
        "`bull`: high − ema(close, n); `bear`: low − ema(close, n)",
    ),
    "ema": (
        "x, n",
        "starts with the mean of the first n; then previous + 2/(n+1) · (x − previous)",
    ),
    "fisher": (
        "high, low, n",
        (
            "v = 0.66 · (place of (high+low)/2 in its range of n − ½) + 0.67 · v, ±0.999 beyond ±0.99; `line` ½ "
            "ln((1+v)/(1−v)) + ½ line of before, which is `signal`"
        ),
    ),
    "force_index": (
        "close, volume, n",
        "ema((close − close before) · volume, n)",
    ),
    "heikin_ashi": (
        "open, high, low, close",
        (
            "`close` (open+high+low+close)/4; `open` the middle of its open and close before; `high`, `low` the "
            "extremes of those and the bar's own"
        ),
    ),
    "hma": (
        "x, n",
        "wma(2 · wma(x, n//2) − wma(x, n), ⌊√n⌋)",
    ),
    "ichimoku": (
        "high, low, conversion, base, span, shift",
        (
            "`conversion`, `base` the middles of the range of so many bars; `span_a` their mean and `span_b` the "
            "middle of `span` bars, both as known shift bars ago, which is the cloud under this bar"
        ),
    ),
    "kama": (
        "x, n, fast, slow",
        (
            "previous + (e · (f − s) + s)² · (x − previous), e the `efficiency_ratio(x, n)`, f = 2/(fast+1), s = "
            "2/(slow+1); begins at the price before"
        ),
    ),
    "keltner": (
        "high, low, close, n, n_atr, width",
        "`ema(close, n)` and width · `atr(n_atr)` around it",
    ),
    "kst": (
        "x, first, second, third, fourth, smooth, last, signal",
        "Σ k · sma(roc(x, b), m), k = 1…4, of four changes b; m the same for the first three; `signal` its mean",
    ),
    "linear_regression": (
        "x, n",
        "least squares through the last n: `value` its end, `slope` a bar, `r2` the share of the variance it explains",
    ),
    "macd": (
        "x, fast, slow, signal",
        (
            "`line` fast less slow exponential average, both started on the first bar of the longer one, each from "
            "the mean of its own last values; `signal` the line's exponential average; `histogram` line less signal"
        ),
    ),
    "mass_index": (
        "high, low, n, average",
        "Σ over the last n of ema(high − low, m)/ema(ema(high − low, m), m)",
    ),
    "mfi": (
        "high, low, close, volume, n",
        (
            "100 · U/(U+D), U and D the sums of typical price · volume over the last n bars on which the typical "
            "price rose, fell; 50 where none moved"
        ),
    ),
    "midpoint": (
        "x, n",
        "(highest + lowest)/2 of the last n",
    ),
    "mom": (
        "x, n",
        "x − x[−n]",
    ),
    "natr": (
        "high, low, close, n",
        "100 · atr(n)/close",
    ),
    "nvi": (
        "close, volume, start",
        "from `start`; times close/close before on each bar whose volume fell",
    ),
    "obv": (
        "close, volume",
        "volume of bars that rose less that of bars that fell, from the first bar, which counts",
    ),
    "percent_rank": (
        "x, n",
        "100 · share of the n values before that lie below x",
    ),
    "pivots": (
        "high, low, close, anchor",
        (
            "of the last session that is over, `pivot` p = (high+low+close)/3; `r1` 2p − low, `r2` p + range, `r3` "
            "high + 2(p − low), `s1` to `s3` mirrored; a session begins where `anchor` is true, without one on every "
            "bar"
        ),
    ),
    "ppo": (
        "x, fast, slow, signal",
        (
            "100 · (fast − slow)/slow exponential average, each begun with its own first values; `signal` its "
            "exponential average; `histogram` line less signal"
        ),
    ),
    "psar": (
        "high, low, step, limit",
        (
            "`line` + share · (extreme − line), the share step more at each new extreme up to limit, never within the "
            "last two bars; a bar that touches it turns it to the extreme"
        ),
    ),
    "pvi": (
        "close, volume, start",
        "from `start`; times close/close before on each bar whose volume rose",
    ),
    "pvo": (
        "volume, fast, slow, signal",
        "`ppo` of volume",
    ),
    "pvt": (
        "close, volume",
        "Σ volume · (close/close before − 1), from 0 on the first bar",
    ),
    "rma": (
        "x, n",
        "starts with the mean of the first n; then (previous · (n−1) + x)/n",
    ),
    "roc": (
        "x, n",
        "100 · (x/x[−n] − 1); unknown where x[−n] is 0",
    ),
    "rsi": (
        "x, n",
        (
            "100 · G/(G+L), G and L smoothed gains and losses: sums of the first n changes, then sum · ((n−1)/n) + "
            "change. Wilder's averages are these sums divided by n: the ratio is his. 50 while nothing has moved"
        ),
    ),
    "rsi_simple": (
        "x, n",
        (
            "100 · G/(G+L), G and L the sums of the last n gains and losses; 50 where nothing has moved. What many "
            "data frames call RSI"
        ),
    ),
    "sma": (
        "x, n",
        (
            "mean of the last n. Prices of at most 10 decimals are summed as integers, so the mean is rounded once; "
            "other numbers are summed in blocks of n"
        ),
    ),
    "std": (
        "x, n, ddof",
        "root of the squares about the mean of the last n, over n − ddof; exactly 0 where nothing moves",
    ),
    "stoch_rsi": (
        "x, n, window, slow, signal",
        (
            "`stochastic` of `rsi(x, n)` over the last `window` values: `k` its mean of slow bars, `d` that one's of "
            "signal bars"
        ),
    ),
    "stochastic": (
        "high, low, close, n, slow, signal",
        (
            "`fast`: 100 · (close − lowest low)/(highest high − lowest low) of the last n, 50 where both are one "
            "price (TA-Lib: 0); `k` its mean of slow bars, `d` that one's of signal bars"
        ),
    ),
    "supertrend": (
        "high, low, close, n, width",
        (
            "bands width · `atr(n)` around (high+low)/2; the upper one only falls while closes stay at or below it, "
            "the lower one only rises; `line` is the lower one while `rising`, which a close at or below it ends, and "
            "a close above the upper one begins"
        ),
    ),
    "t3": (
        "x, n, factor",
        (
            "six exponential averages of each other, e3 to e6 weighed by 1+3v+3v²+v³, −(3v+6v²+3v³), 3v²+3v³, −v³, v "
            "the factor"
        ),
    ),
    "tema": (
        "x, n",
        "3 · (ema − ema of ema) + ema of ema of ema",
    ),
    "trima": (
        "x, n",
        "mean of (n+1)//2 values, and of that the mean of n//2 + 1",
    ),
    "trix": (
        "x, n, signal",
        "100 · (e/e[−1] − 1), e three exponential averages of each other; `signal` its exponential average",
    ),
    "true_range": (
        "high, low, close",
        "the greatest of high − low, |high − close before|, |low − close before|; unknown on the first bar",
    ),
    "tsi": (
        "x, slow, fast, signal",
        "100 · ema(ema(change, slow), fast)/ema(ema(|change|, slow), fast); `signal` its exponential average",
    ),
    "ulcer_index": (
        "x, n",
        "√ of the mean of the last n squares of 100 · (x/highest of the last n − 1)",
    ),
    "ultimate_oscillator": (
        "high, low, close, short, middle, long",
        (
            "100 · (4a + 2b + c)/7, each the sum of close − min(low, close before) over that of true ranges, of "
            "short, middle, long bars"
        ),
    ),
    "vhf": (
        "x, n",
        "(highest − lowest)/Σ|changes| of the last n",
    ),
    "volatility": (
        "x, n, ddof, periods_a_year",
        "deviation of the last n returns x[t]/x[t−1] − 1, times √periods_a_year (1: a bar's)",
    ),
    "vortex": (
        "high, low, close, n",
        "`plus`: Σ|high − low before|/Σ true range of the last n; `minus`: Σ|low − high before|/Σ true range",
    ),
    "vwap": (
        "high, low, close, volume, anchor",
        (
            "Σ(high+low+close)/3 · volume over Σvolume since the last bar where `anchor` is true, or the first; of "
            "bars, not of trades"
        ),
    ),
    "vwap_rolling": (
        "high, low, close, volume, n",
        "the same over the last n",
    ),
    "vwma": (
        "x, volume, n",
        "Σx · volume/Σvolume of the last n",
    ),
    "williams_r": (
        "high, low, close, n",
        (
            "100 · (close − highest high)/(highest high − lowest low) of the last n; −50 where both are one price "
            "(TA-Lib: 0)"
        ),
    ),
    "wma": (
        "x, n",
        "the last n with weights 1, 2, … n, the newest weighing most, over n(n+1)/2; summed as `sma`",
    ),
    "z_score": (
        "x, n, ddof",
        "(x − sma(x, n))/std(x, n, ddof); 0 where nothing moves",
    ),
    "zlema": (
        "x, n",
        "ema of 2x − x[−(n−1)//2]",
    ),
}
"""By name: the letters of the call, and what they make."""
