import { describe, expect, it } from "vitest";
import { costsOf, costsOfRun, costsText, settingText } from "../../parts/spec";
import { lineOf } from "./asking";
import { endOfBar, fromSearch, fromSpec, rangeOf, shortest, titleOf, toRequest, toSearch } from "./spec";

const KEPT = {
  strategy: "RsiReversion",
  parameters: { period: 14, oversold: 30, overbought: 70 },
  universe: "demo",
  interval: "1h",
  fee: 0.001,
  slippage: 0.0003,
  start: "2019-01-01T00:00:00Z",
  end: "2024-01-01T12:00:00Z",
};

describe("a spec", () => {
  it("is the same after it has been an address", () => {
    const form = fromSpec(KEPT);
    expect(fromSearch(`?${toSearch(form)}`)).toEqual(form);
    expect(toSearch(form)).toContain("fee=10bps&slippage=3bps");
  });

  it("takes names of settings and of parameters from an address", () => {
    const form = fromSearch(
      "?strategy=SmaCross&symbols=demo:BTCUSDT,ETHUSDT&fee=10bps&fast=5&trail=2%25&size=risk:1%25",
    );
    expect(form?.parameters).toEqual({ fast: "5" });
    expect(form && toRequest(form)).toEqual({
      strategy: "SmaCross",
      parameters: { fast: 5 },
      symbols: ["demo:BTCUSDT", "ETHUSDT"],
      fee: "10bps",
      trail: "2%",
      size: "risk:1%",
      fresh: false,
      on_disconnect: "continue",
    });
    expect(fromSearch("")).toBeUndefined();
  });

  it.each([
    [{ size: 0.01, sizing: "risk" }, "size", "risk:1%"],
    [{ size: 1000, sizing: "cash" }, "size", "1000usd"],
    [{ size: 5, sizing: "units" }, "size", "5units"],
    [{ size: 0.5 }, "size", "50"],
    [{ slippage: 0.0003, slippage_kind: "spread" }, "slippage", "spread:3bps"],
    [{ slippage: 0.1, slippage_kind: "volume" }, "slippage", "volume:10%"],
    [{ fee: "min(20usd, 0.03%)" }, "fee", "min(20usd, 0.03%)"],
    [{ fee: "5bps+1usd" }, "fee", "5bps+1usd"],
    [{ fee: "maker 2bps taker 5bps" }, "fee", "maker 2bps taker 5bps"],
    [{ stop_loss: 0.05 }, "stop_loss", "5"],
    [{ flip: false }, "flip", "false"],
  ])("reads %o as %s %s and asks for it again", (told, name, text) => {
    const form = fromSpec({ strategy: "BuyAndHold", ...told });
    expect(form.settings).toEqual({ [name]: text });
    const again = toRequest(fromSearch(toSearch(form)) ?? form) as Record<string, unknown>;
    expect(again[name]).toBe(text === "50" ? "50%" : text === "5" ? "5%" : text === "false" ? false : text);
  });

  it("asks for a strategy by the name under which it is installed", () => {
    expect(fromSpec({ strategy: "mine:Peek" }, ["Macd", "Peek"]).strategy).toBe("Peek");
    expect(fromSpec({ strategy: "mine:Gone" }, ["Macd", "Peek"]).strategy).toBe("mine:Gone");
  });

  it("sends what is no number as it was typed, so that the service names the bound", () => {
    const form = fromSearch("?strategy=RsiReversion&universe=demo&period=1x&fee=abc");
    expect(form && toRequest(form)).toMatchObject({ parameters: { period: "1x" }, fee: "abc" });
  });

  it.each([
    [{ fee: 0.001, slippage: 0.0003 }, "10 + 3 bps", "3 bps"],
    [{ fee: 0.001, slippage: 0.1, slippage_kind: "volume" }, "10 bps + volume:10%", "volume:10%"],
    [{ fee: 0.001, slippage: 0.0003, slippage_kind: "spread" }, "10 bps + spread:3bps", "spread:3bps"],
    [{ fee: "5bps+1usd", slippage: 0.0002 }, "5bps+1usd + 2 bps", "2 bps"],
    [{ fee: 0.1, slippage: 0 }, "1000 + 0 bps", "0 bps"],
    [{ fee: 0.0000125 }, "0.125 + 0 bps", "default"],
    [{ fee: 0, slippage: 0 }, "no costs", "0 bps"],
    [{}, "no costs", "default"],
  ])("tells the costs of %o as %s everywhere", (told: Record<string, unknown>, costs, slippage) => {
    expect(costsOf(told)).toBe(costs);
    expect(settingText("slippage", told.slippage, told)).toBe(slippage);
    const { settings } = fromSpec(told);
    expect(costsText(settings.fee, settings.slippage)).toBe(costs);
  });

  it("tells no costs of what another program made", () => {
    const spec = { strategy: "desk", interval: "1h", parameters: {}, symbols: ["bars:BTCUSDT"] };
    expect(costsOfRun({ spec, elsewhere: true })).toBe("made elsewhere, costs not known");
    expect(costsOfRun({ spec, elsewhere: false })).toBe("no costs");
    const made = { strategy: "desk", instruments: 1, interval: "1h", first: null, last: null, bars: 9, snapshot: 1 };
    const header = { ...made, adjust: "none", periods_a_year: null, days_a_year: null };
    const stamps = ["made elsewhere: fills, sizes and fees are those of another program"];
    expect(lineOf(fromSpec(spec), { ...header, stamps }, 1)).toMatch(/· made elsewhere, costs not known$/);
    expect(lineOf(fromSpec(spec), { ...header, stamps: [] }, 1)).toMatch(/· no costs$/);
  });

  it("is told in a line", () => {
    const form = fromSpec(KEPT);
    const parameters = ["period", "oversold", "overbought"].map((name) => ({
      name,
      kind: "float" as const,
      default: 1,
      low: null,
      high: null,
    }));
    expect(titleOf(form, parameters)).toBe("RsiReversion 14 / 30 / 70");
    expect(titleOf({ ...form, parameters: {} }, parameters.slice(1))).toBe("RsiReversion 1 / 1");
    expect(rangeOf(form, "", "")).toBe("2019-01-01 → 2024-01-01T12:00 UTC");
    expect(rangeOf(fromSpec({}), "2020-01-01T00:00:00Z", "2020-06-01T00:00:00Z")).toBe("2020-01-01 → 2020-06-01 UTC");
    expect(endOfBar("2023-12-31T23:00:00Z", "1h")).toBe("2024-01-01T00:00:00Z");
    expect(shortest(endOfBar("2023-12-31T23:00:00Z", "1h"))).toBe("2024-01-01");
    expect(shortest(endOfBar("2024-01-21T19:00:00Z", "1h"))).toBe("2024-01-21T20:00");
    expect(endOfBar("2023-12-31T23:45:00Z", "15m")).toBe("2024-01-01T00:00:00Z");
    expect(endOfBar("2023-12-01T00:00:00Z", "1M")).toBe("2023-12-01T00:00:00Z");
  });
});
