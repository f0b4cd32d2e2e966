import { expect, test } from "vitest";
import { toSearch } from "../run/spec";
import { aloneOf, setsOf, SWEEP, titleOf, varies } from "./form";

const ASKED =
  "strategy=SmaCross&universe=demo&fee=10bps&where=fast+%3C+slow&budget=40&search=random&fast=5:20:5&slow=40";
const form = SWEEP.fromSearch(ASKED) ?? SWEEP.first;

test("an address holds the whole sweep, and the service is asked for it", () => {
  expect(SWEEP.fromSearch(toSearch(form))).toEqual(form);
  expect(SWEEP.toRequest(form)).toMatchObject({
    ...{ strategy: "SmaCross", grid: { fast: "5:20:5" }, parameters: { slow: 40 }, where: "fast < slow" },
    ...{ search: "random", budget: 40, universe: "demo", fee: "10bps" },
  });
  expect(titleOf(form)).toBe("SmaCross fast=5:20:5 slow=40");
});

test("what the service tells of a sweep is the form that asked for it", () => {
  const spec = {
    strategy: "SmaCross",
    universe: "demo",
    fee: 0.001,
    grid: { fast: [5, 10, 15, 20] },
    parameters: { slow: 40 },
  };
  const told = { ...spec, where: "fast < slow", search: "random", budget: 40 };
  expect(SWEEP.fromSpec(told, ["SmaCross"])).toEqual(form);
});

test("of several strategies each parameter says whose it is", () => {
  const grid = { "A.n": [1, 2], "own:B.n": [3, 4], strategy: ["A", "own:B"] };
  const both = SWEEP.fromSpec({ strategy: "A + own:B", grid, parameters: { "A.k": 7 } }, ["A", "B"]);
  expect(both.strategy).toBe("A,B");
  expect(both.parameters).toEqual({ "A.k": "7", "A.n": "1,2", "B.n": "3,4" });
  expect(SWEEP.toRequest(both)).toMatchObject({ strategy: ["A", "B"], grid: { "A.n": "1,2", "B.n": "3,4" } });
  expect(setsOf(both)).toBe(4);
  expect(aloneOf(both, { strategy: "A", n: 2, k: 7 })()).toBe("strategy=A&k=7&n=2");
});

test("sets are counted before anything is begun", () => {
  expect(setsOf({ ...form, settings: {} })).toBe(4);
  expect(setsOf({ ...form, settings: { search: "random", budget: "3" } })).toBe(3);
  expect(setsOf({ ...form, parameters: { fast: "5:" } })).toBeUndefined();
  expect(varies(form)).toBe(true);
  expect(varies({ ...form, parameters: { fast: "5" } })).toBe(false);
});

test("a set is a backtest of its own, on all instruments or on one", () => {
  const alone = aloneOf(form, { fast: 10, slow: 40 });
  expect(alone()).toBe("strategy=SmaCross&universe=demo&fee=10bps&slow=40&fast=10");
  expect(alone("demo:BTCUSDT")).toBe("strategy=SmaCross&symbols=demo:BTCUSDT&fee=10bps&slow=40&fast=10");
});
