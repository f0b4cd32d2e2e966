import { expect, test } from "vitest";
import { metricOf, written } from "./metrics";

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
