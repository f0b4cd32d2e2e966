import { describe, expect, it } from "vitest";
import type { Result } from "../../api/events";
import { symbolOf } from "../../parts/names";
import { arrange, asTable, EVERYTHING, turned } from "./order";

function result(instrument: string, total_return: number | null, why: Record<string, string> = {}): Result {
  return { instrument: `demo:${instrument}`, metrics: { total_return }, why } as unknown as Result;
}

const ROWS = [result("C", 0.1), result("A", null), result("B", 0.3), result("D", -0.2)];
const BEST = { by: "total_return", down: true };
const names = (rows: readonly Result[]) => rows.map((one) => symbolOf(one.instrument)).join("");

describe("the rows", () => {
  it("keep the order of arrival until a sort is chosen", () => {
    expect(names(arrange(ROWS, undefined, EVERYTHING))).toBe("CABD");
    expect(names(arrange(ROWS, BEST, EVERYTHING))).toBe("BCDA");
    expect(names(arrange(ROWS, { by: "total_return", down: false }, EVERYTHING))).toBe("DCBA");
    expect(names(arrange(ROWS, { by: "symbol", down: false }, EVERYTHING))).toBe("ABCD");
  });

  it("leave the row under the pointer where it is", () => {
    const held = { instrument: "demo:D", at: 0 };
    expect(names(arrange(ROWS, BEST, EVERYTHING, held))).toBe("DBCA");
    expect(names(arrange(ROWS, BEST, EVERYTHING, { ...held, at: 9 }))).toBe("BCAD");
    expect(names(arrange(ROWS, BEST, EVERYTHING, { instrument: "demo:X", at: 0 }))).toBe("BCDA");
  });

  it("put no losses before every number", () => {
    const rows = [result("A", 5), result("B", null, { total_return: "no_losses" })];
    expect(names(arrange(rows, BEST, EVERYTHING))).toBe("BA");
  });

  it("are those that were wanted", () => {
    const brush = { metric: "total_return", low: -0.2, high: 0.3 };
    expect(names(arrange(ROWS, undefined, { text: "", brushes: [brush], only: undefined }))).toBe("CD");
    const whole = { ...brush, high: Number.POSITIVE_INFINITY };
    expect(names(arrange(ROWS, undefined, { text: "", brushes: [whole], only: undefined }))).toBe("CBD");
    expect(names(arrange(ROWS, undefined, { text: "b", brushes: [], only: undefined }))).toBe("B");
    expect(names(arrange(ROWS, undefined, { text: "", brushes: [], only: new Set(["demo:A"]) }))).toBe("A");
  });

  it("are copied with raw numbers", () => {
    expect(asTable(ROWS.slice(0, 2), ["total_return"])).toBe("symbol\ttotal_return\ndemo:C\t0.1\ndemo:A\t");
  });

  it("turn when they are sorted by the same column again", () => {
    expect(turned(undefined, "sharpe")).toEqual({ by: "sharpe", down: true });
    expect(turned({ by: "sharpe", down: true }, "sharpe")).toEqual({ by: "sharpe", down: false });
    expect(turned(BEST, "symbol")).toEqual({ by: "symbol", down: false });
  });
});
