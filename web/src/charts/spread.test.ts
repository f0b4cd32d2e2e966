import { describe, expect, it } from "vitest";
import { extentOf, pointsOf } from "./spark";
import { placeOf, rangeOf, spreadOf } from "./spread";

describe("a spread", () => {
  it("holds every value once and has zero at an edge", () => {
    const values = [-0.73, -0.31, -0.3, -0.01, 0, 0.02, 0.4];
    const { bins, step } = spreadOf(values);
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
    expect(bins.some((bin) => Math.abs(bin.low) < 1e-12)).toBe(true);
    const below = bins.filter((bin) => bin.high <= 1e-12).reduce((sum, bin) => sum + bin.count, 0);
    expect(below).toBe(4);
    expect(step).toBeCloseTo(0.1);
  });

  it("keeps a rare value far out at the edge", () => {
    const values = [...Array.from({ length: 99 }, (_, i) => i / 100), 5000];
    const { high, bins } = spreadOf(values);
    expect(high).toBeLessThan(2);
    expect(bins.at(-1)?.count).toBeGreaterThan(1);
  });

  it("bears nothing and one value", () => {
    expect(spreadOf([]).bins.length).toBeGreaterThan(0);
    expect(spreadOf([0]).most).toBe(1);
    expect(spreadOf([0.5, 0.5]).most).toBe(2);
  });

  it("says which values a drag means", () => {
    const spread = spreadOf([-1, -0.5, 0, 0.5, 1]);
    expect(rangeOf(spread, 0, 0)).toEqual({ low: Number.NEGATIVE_INFINITY, high: expect.closeTo(-0.9) });
    expect(rangeOf(spread, 0.99, 0.5)).toEqual({ low: expect.closeTo(0), high: Number.POSITIVE_INFINITY });
    expect(placeOf(7, spread)).toBe(1);
    expect(placeOf(0, spread)).toBeCloseTo(0.5);
  });
});

describe("a line of a cell", () => {
  it("lies on one scale for all", () => {
    expect(extentOf([100, 200, 50])).toEqual({ low: Math.log(0.5), high: Math.log(2) });
    expect(extentOf([100, 0]).low).toBe(Math.log(0.01));
    expect(pointsOf([1, 1], { low: -1, high: 1 }, 10, 20)).toBe("0.0,10.0 10.0,10.0");
  });
});
