import { expect, test } from "vitest";
import { type Basis, type Fill, returnAt } from "./costs";

const BASIS: Basis = { cash: 1000, sizing: "fraction", size: 1, slippage: 0, lot: 0, multiplier: 1, held: null };
const fill = (side: number, entry_price: number, exit_price: number, stop: number | null = null): Fill => ({
  side,
  entry_price,
  exit_price,
  stop,
  reason: "signal",
});

test("without a fee two trades multiply, with one each side pays it", () => {
  const trades = [fill(1, 100, 110), fill(1, 100, 120)];
  expect(returnAt(0, trades, BASIS)).toBeCloseTo(1.1 * 1.2 - 1, 12);
  const fee = 0.01;
  const once = (gain: number) => (gain * (1 - fee)) / (1 + fee);
  expect(returnAt(fee, trades, BASIS)).toBeCloseTo(once(1.1) * once(1.2) - 1, 12);
});

test("a short gains when prices fall, and an account ends at nothing", () => {
  expect(returnAt(0, [fill(-1, 100, 90)], BASIS)).toBeCloseTo(0.1, 12);
  expect(returnAt(0, [fill(-1, 100, 250), fill(1, 100, 200)], BASIS)).toBe(-1);
});

test("an open position is marked at the last close and pays no exit", () => {
  const held = { side: 1, entry_price: 100, stop: null, last: 110 };
  expect(returnAt(0.01, [], { ...BASIS, held })).toBeCloseTo((1000 + (1000 / 101) * (10 - 1)) / 1000 - 1, 12);
});

test("what a delisting settles pays no exit either", () => {
  const trade = { ...fill(1, 100, 50), reason: "delist" };
  expect(returnAt(0.01, [trade], BASIS)).toBeCloseTo(((1000 / 101) * (-50 - 1)) / 1000, 12);
});

test("cash, units and risk size by their own rule, never beyond the equity", () => {
  const trade = fill(1, 100, 110, 95);
  expect(returnAt(0, [trade], { ...BASIS, sizing: "cash", size: 500 })).toBeCloseTo(0.05, 12);
  expect(returnAt(0, [trade], { ...BASIS, sizing: "units", size: 4 })).toBeCloseTo(0.04, 12);
  expect(returnAt(0, [trade], { ...BASIS, sizing: "units", size: 400 })).toBeCloseTo(0.1, 12);
  expect(returnAt(0, [trade], { ...BASIS, sizing: "risk", size: 0.01 })).toBeCloseTo((10 / 5) * 0.01, 12);
});

test("lots round down, and where no lot can be bought any more nothing is said", () => {
  expect(returnAt(0, [fill(1, 300, 330)], { ...BASIS, lot: 1 })).toBeCloseTo(0.09, 12);
  expect(returnAt(0, [fill(1, 3000, 3300)], { ...BASIS, lot: 1 })).toBeNull();
});
