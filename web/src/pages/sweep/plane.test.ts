import { expect, test } from "vitest";
import { cellOf, fullOf, type Part, placesDrawn, placesOf, pointAt, pointIn, readerOf, strongest } from "./plane";

function part(first: number, sizes: readonly number[]): Part {
  const axes = sizes.map((size, k) => ({ name: `p${k}`, values: Array.from({ length: size }, (_, at) => at) }));
  return { strategy: "S", axes, fixed: {}, first, size: sizes.reduce((a, b) => a * b, 1) };
}

test("the last axis goes fastest", () => {
  const one = part(10, [3, 2]);
  expect([0, 1, 2, 5].map((k) => placesOf(one, 10 + k))).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [2, 1],
  ]);
  for (let point = 10; point < 16; point++) expect(pointAt(one, placesOf(one, point))).toBe(point);
});

test("a cell has the point of its axes, the others stand where they are put", () => {
  const plane = { part: part(0, [3, 4, 2]), across: 1, down: 2, at: [2, 0, 0], rows: [0, 1], columns: [0, 1, 2, 3] };
  const point = pointIn(plane, 1, 3);
  expect(placesOf(plane.part, point)).toEqual([2, 3, 1]);
  expect(cellOf(plane, point)).toEqual({ row: 1, column: 3 });
  expect(cellOf(plane, pointAt(plane.part, [1, 3, 1]))).toBeUndefined();
  expect(cellOf({ ...plane, part: part(24, [3, 4, 2]) }, 5)).toBeUndefined();
});

test("listed points have their own values and all others none", () => {
  const read = readerOf({ cells: [0.5, null], points: [7, 9_000_000] });
  expect([read(7), read(0), read(9_000_000)]).toEqual([0.5, null, null]);
  expect(readerOf({ cells: [1, null, 3], points: null })(2)).toBe(3);
});

test("of three axes the two that move the value most are drawn, the longer one across", () => {
  const one = part(0, [2, 3, 4]);
  const cells = Array.from({ length: 24 }, (_, point) => {
    const [a = 0, b = 0, c = 0] = placesOf(one, point);
    return 10 * a + 5 * b + 0.1 * c;
  });
  expect(strongest(one, { cells, points: null })).toEqual([1, 0]);
  expect(strongest(part(0, [5, 1, 4]), { cells: [], points: null })).toEqual([0, 2]);
  expect(strongest(part(0, [1, 6]), { cells: [], points: null })).toEqual([1, -1]);
  expect(strongest(part(0, [1]), { cells: [], points: null })).toEqual([0, -1]);
});

test("few values far out do not take the colour from the others", () => {
  expect(fullOf([...Array.from({ length: 99 }, () => -1), 50])).toBe(1);
  expect(fullOf([null])).toBe(0);
});

test("of few sets among many points those values are drawn that a set has", () => {
  const one = part(0, [100, 100]);
  const few = { cells: [1, null, 2], points: [250, 300, 7050], sets: 3, size: 10_000 };
  expect([placesDrawn(one, 0, few), placesDrawn(one, 1, few)]).toEqual([[2, 70], [50]]);
  const plane = { part: one, across: 0, down: 1, at: [], rows: [50], columns: [2, 70] };
  expect(pointIn(plane, 0, 1)).toBe(7050);
  expect(cellOf(plane, 7050)).toEqual({ row: 0, column: 1 });
  expect(cellOf(plane, 0)).toBeUndefined();
  expect(placesDrawn(one, 0, { ...few, sets: 9_000 })).toHaveLength(100);
  expect(placesDrawn(one, -1, few)).toEqual([0]);
});
