import { expect, test } from "vitest";
import { metricOf, written, yearInWords } from "./metrics";

test("a metric has its sign's colour, and what is written as zero has none", () => {
  const sharpe = metricOf("sharpe");
  const tones = [0.98, -0.4, 0.004, -0.004, 0].map((value) => written(sharpe, { sharpe: value }, {}).tone);
  expect(tones).toEqual(["gain", "loss", "", "", ""]);
});

test("what has no value says why", () => {
  const factor = metricOf("profit_factor");
  expect(written(factor, { profit_factor: null }, { profit_factor: "no_losses" }).text).toBe("∞");
  const none = written(factor, { profit_factor: null }, { profit_factor: "no_trades" });
  expect([none.text, none.raw, none.hover.startsWith("No trade was closed.")]).toEqual(["–", null, true]);
});

test("the hover holds the number as it came", () => {
  expect(written(metricOf("win_rate"), { win_rate: 0.6016949152542372 }, {}).hover).toContain("0.6016949152542372");
});

test("what a year scales says by how many periods", () => {
  const year = yearInWords({ periods_a_year: 8766, days_a_year: 365.25 });
  expect(year).toBe("365.25 · 24 periods a year");
  expect(yearInWords({ periods_a_year: 252, days_a_year: 252 })).toBe("252 periods a year");
  expect(written(metricOf("sharpe"), { sharpe: 1 }, {}, year).hover).toContain(year);
  expect(written(metricOf("trades"), { trades: 1 }, {}, year).hover).not.toContain(year);
});
