"""Easter Sunday, on which Good Friday hangs."""

from datetime import date


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Notes
    -----
    The anonymous algorithm of Nature 13 (1876) 487, as in J. Meeus, Astronomical Algorithms, 1991, chapter 8.
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month = (h + m - 7 * n + 90) // 25
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)
