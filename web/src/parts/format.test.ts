import { expect, test } from "vitest";
import * as format from "./format";

test("percent has a sign of its own, no negative zero and no power of ten", () => {
  const cases: [number, string][] = [
    [0.1237, "+12.4"],
    [-0.231, "−23.1"],
    [12.344, "+1,234"],
    [9.9994, "+999.9"],
    [9.9996, "+1,000"],
    [0, "0.0"],
    [-0.0004, "0.0"],
    [1e-9, "0.0"],
    [-123.456, "−12,346"],
  ];
  for (const [value, text] of cases) expect(format.percent(value), String(value)).toBe(text);
});

test("what lies half way is written as in the terminal, the even one", () => {
  const shares = [0.625, 0.635, 0.375].map(format.share);
  // 0.125 and 0.375 lie half way; 1.145 is a little more than it looks.
  expect([...shares, format.ratio(0.125, false), format.ratio(0.375, false), format.ratio(1.145, false)]).toEqual([
    "62",
    "64",
    "38",
    "0.12",
    "0.38",
    "1.15",
  ]);
});

test("ratios, shares, counts, money and prices", () => {
  expect([format.ratio(0.976, true), format.ratio(1.409, false), format.ratio(-0.04, true)]).toEqual([
    "+0.98",
    "1.41",
    "−0.04",
  ]);
  expect([format.share(0.584), format.count(2_049_312), format.count(31_200_000)]).toEqual([
    "58",
    "2,049,312",
    "31.2 M",
  ]);
  expect([format.money(1204.4), format.money(-3.5, true), format.money(123456.7)]).toEqual([
    "1,204.40",
    "−3.50",
    "123,457",
  ]);
  expect([
    format.price(192.4, 0.01),
    format.price(0.00001234, 1e-8),
    format.price(1933.004, 0),
    format.price(42, 0.25),
  ]).toEqual(["192.40", "0.00001234", "1,933.00", "42.00"]);
  expect(format.decimalsOf(0)).toBeUndefined();
});

test("times carry their zone, day bars no hour", () => {
  const at = "2024-03-01T14:00:00Z";
  expect(format.time(at)).toBe("2024-03-01 14:00 UTC");
  expect(format.time(at, "America/New_York")).toBe("2024-03-01 09:00 America/New_York");
  expect(format.time("2024-07-01T13:30:00Z", "America/New_York", false)).toBe("2024-07-01 09:30");
  expect(format.barTime(at, "1d")).toBe("2024-03-01");
  expect(format.barTime(at, "1h")).toBe("2024-03-01 14:00 UTC");
});

test("durations and bytes take the unit that fits", () => {
  expect([4, 1234, 90_000, 18_000_000, 35_510_400_000].map(format.duration)).toEqual([
    "4 ms",
    "1.2 s",
    "2 min",
    "5.0 h",
    "411 d",
  ]);
  expect([12, 94_560_481, 4_294_967_296].map(format.bytes)).toEqual(["12 B", "94.6 MB", "4.3 GB"]);
});

test("the median of an even number is between the two", () => {
  expect([format.median([3, 1, 2]), format.median([4, 1, 2, 3]), format.median([])]).toEqual([2, 2.5, null]);
});
