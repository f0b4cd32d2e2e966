import { expect, test } from "vitest";
import { type Bar, laidOut, lineAt, logicalOf, timeOf } from "./slots";

const HOUR = 3600;
const bar = (hour: number): Bar => ({ time: hour * HOUR, open: 1, high: 2, low: 0, close: 1, flags: [] });
const HOLE = { start: 3 * HOUR, end: 6 * HOUR, bars: 3, words: "3 h missing" };

test("a hole takes as many places as bars are missing", () => {
  const slots = laidOut([0, 1, 2, 6, 7].map(bar), [HOLE], HOUR, HOUR);
  expect(slots.times.map((time) => time / HOUR)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(slots.bars.map((each) => each !== null)).toEqual([true, true, true, false, false, false, true, true]);
  expect(slots.holes).toEqual([{ hole: HOLE, left: 2.5, right: 5.5 }]);
});

test("where bars are thinned a hole keeps its share of a place, or of several", () => {
  const within = laidOut([0, 8, 16].map(bar), [HOLE], HOUR, 8 * HOUR);
  expect(within.times).toHaveLength(3);
  expect(within.holes).toEqual([{ hole: HOLE, left: -0.5 + 3 / 8, right: -0.5 + 6 / 8 }]);
  const wide = { start: 8 * HOUR, end: 24 * HOUR, bars: 16, words: "16 h missing" };
  expect(laidOut([0, 24].map(bar), [wide], HOUR, 8 * HOUR).times.map((time) => time / HOUR)).toEqual([0, 8, 16, 24]);
});

test("two holes with one bar between stay two; one before the first bar is not drawn", () => {
  const second = { start: 7 * HOUR, end: 8 * HOUR, bars: 1, words: "1 h missing" };
  const before = { start: -5 * HOUR, end: -4 * HOUR, bars: 1, words: "1 h missing" };
  const slots = laidOut([0, 1, 2, 6, 8].map(bar), [before, HOLE, second], HOUR, HOUR);
  expect(slots.holes.map(({ hole }) => hole)).toEqual([HOLE, second]);
  expect(slots.times).toHaveLength(9);
});

test("times and places are two sides of one axis, beyond its ends too", () => {
  const slots = laidOut([0, 1, 2, 6].map(bar), [HOLE], HOUR, HOUR);
  for (const place of [-3, 0, 0.25, 2, 4.5, 6, 9]) expect(logicalOf(slots, timeOf(slots, place))).toBeCloseTo(place, 9);
});

test("a line ends before a hole and takes the point of its place that is asked for", () => {
  const slots = laidOut([0, 1, 2, 6].map(bar), [HOLE], HOUR, HOUR);
  const points = [0, 1, 2, 6].map((hour) => ({ time: hour * HOUR, value: -hour }));
  expect(lineAt(slots, points).map(({ ends }) => ends)).toEqual([false, false, true, false]);
  const thin = laidOut([0, 4].map(bar), [], HOUR, 4 * HOUR);
  const dense = [0, -3, -1, -2, -2].map((value, hour) => ({ time: hour * HOUR, value }));
  expect(lineAt(thin, dense, "lowest").map(({ value }) => value)).toEqual([-3, -2]);
  expect(lineAt(thin, dense).map(({ value }) => value)).toEqual([-2, -2]);
});
