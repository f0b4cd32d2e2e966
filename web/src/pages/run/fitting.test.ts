import { expect, test } from "vitest";
import { fitting } from "./fitting";
import { FIRST_COLUMNS } from "./shown";

test("columns that do not fit go, the last first", () => {
  const many = (room: number) => fitting(FIRST_COLUMNS, room).length;
  expect([816, 815, 744, 743, 560, 496, 0].map(many)).toEqual([7, 6, 6, 5, 3, 2, 1]);
  expect(fitting(FIRST_COLUMNS, 500)).toEqual(["total_return", "sharpe"]);
  expect(fitting([], 500)).toEqual([]);
});
