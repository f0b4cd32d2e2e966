import { expect, test } from "vitest";
import { laidOut } from "./slots";
import { levelsOf } from "./trail";

const bar = (time: number, open: number, high: number, low: number, close: number) => ({
  ...{ time, open, high, low, close, flags: [] },
});
const ROWS = [
  bar(0, 99, 101, 98, 100),
  bar(1, 100, 110, 99, 104),
  bar(2, 104, 106, 100, 101),
  bar(3, 101, 120, 98, 99),
];
const SLOTS = laidOut(ROWS, [], 1, 1);
const LONG = { first: 90, width: 0.1, side: 1, wanted: 100 };

test("a level follows the best price of the bars before it and never goes back", () => {
  expect(levelsOf(SLOTS, 1, 3, LONG)).toEqual([90, 99, 99]);
  expect(levelsOf(SLOTS, 1, 1, LONG)).toEqual([90]);
  const short = { first: 110, width: 0.1, side: -1, wanted: 100 };
  const [at, after, last] = levelsOf(SLOTS, 1, 3, short);
  expect([at, last]).toEqual([110, after]);
  expect(after).toBeCloseTo(99 * 1.1, 12);
});

test("of the bar of the entry counts what came after it", () => {
  expect(levelsOf(SLOTS, 1, 2, { ...LONG, wanted: 104 })[1]).toBe(90);
  expect(levelsOf(SLOTS, 1, 2, { ...LONG, wanted: 102 })[1]).toBeCloseTo(104 * 0.9, 12);
  expect(levelsOf(laidOut(ROWS, [], 1, 4), 1, 2, LONG)).toEqual([90, 90]);
});

test("over a hole it stays, without the bar of the entry there is none", () => {
  const slots = laidOut(
    [...ROWS.slice(0, 2), bar(6, 104, 106, 100, 101)],
    [{ start: 2, end: 6, bars: 4, words: "" }],
    1,
    1,
  );
  expect(levelsOf(slots, 1, 6, LONG)).toEqual([90, 99, 99, 99, 99, 99]);
  expect(levelsOf(slots, -1, 3, LONG)).toEqual([]);
});
