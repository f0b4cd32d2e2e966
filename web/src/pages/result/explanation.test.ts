import { expect, test } from "vitest";
import { type Facts, said } from "./explanation";

const bar = (time: string, open: number, high: number, low: number, close: number) => ({
  time,
  open,
  high,
  low,
  close,
});
const DECISION = {
  ...bar("2023-04-10T06:00:00Z", 198, 199, 197, 198.5),
  signals: [
    { signal: "enter", held: true, crosses: "above" as const, a_before: 29.3, a: 39.2, b_before: 30, b: 30 },
    { signal: "leave", held: false },
  ],
  indicators: [{ name: "rsi(14)", before: 29.3, value: 39.2 }],
};
const NEXT_OPEN = "market order: decided at the close of the decision bar, filled at the open of the next traded bar";

function facts(change: { trade?: object; exit?: object; optimistic?: object; pessimistic?: object }): Facts {
  const trade = {
    side: 1,
    entry_price: 198.55,
    entry_bar: 10,
    exit_bar: 83,
    quantity: 10,
    profit: -61.55,
    reason: "stop",
    ambiguous: false,
    across_gap: false,
    fills: 2,
    ...change.trade,
  };
  const path = (one: object | undefined) => ({
    final_equity: 10_000,
    trade: { exit_price: 192.4, reason: trade.reason, quantity: 10, profit: trade.profit, ...one },
  });
  return {
    number: 91,
    interval: "1h",
    trade,
    decision: DECISION,
    entry: { ...bar("2023-04-10T07:00:00Z", 198.55, 199.5, 198, 199), wanted: 198.55, price: 198.55, rule: NEXT_OPEN },
    exit: {
      ...bar("2023-04-13T07:00:00Z", 195.1, 199.02, 191.86, 193),
      wanted: 192.4,
      price: 192.4,
      rule: "price touched the stop inside the bar",
      levels: { stop: 192.4, target: 198, trail: null, other_price: null },
      decision: null,
      ...change.exit,
    },
    paths: { pessimistic: path(change.pessimistic), optimistic: path(change.optimistic) },
  };
}

test("a stop before a target, whose order nobody knows, tells the other order's money", () => {
  const levels = { stop: 192.4, target: 198, trail: null, other_price: 198 };
  const optimistic = { exit_price: 198, reason: "target", profit: 57.58 };
  const told = said(facts({ trade: { ambiguous: true }, exit: { levels }, optimistic }), "pessimistic", 0.01);
  expect(told.title).toBe("Why it sold at 192.40");
  expect(told.body).toBe(
    "Stop 192.40 lay inside the bar of 2023-04-13 07:00 (low 191.86, high 199.02). " +
      "Target 198.00 lay inside too; the order is unknown, so the worse one counts.",
  );
  expect(told.other).toBe("Target first would have made +2.9 % instead of −3.1 %.");
});

test("a target that was taken by the better order tells what the stop would have lost", () => {
  const trade = { ambiguous: true, reason: "target", profit: 57.58 };
  const levels = { stop: 192.4, target: 198, trail: null, other_price: 192.4 };
  const pessimistic = { exit_price: 192.4, reason: "stop", profit: -61.55 };
  const told = said(facts({ trade, exit: { levels, wanted: 198, price: 198 }, pessimistic }), "optimistic", 0.01);
  expect(told.body).toContain("Stop 192.40 lay inside too; the order is unknown, so the better one counts.");
  expect(told.other).toBe("Stop first would have made −3.1 % instead of +2.9 %.");
});

test("a stop alone has no other order, a jumped one was filled at the open", () => {
  const plain = said(facts({}), "pessimistic", 0.01);
  expect(plain.body).toBe("Stop 192.40 lay inside the bar of 2023-04-13 07:00 (low 191.86, high 199.02).");
  expect(plain.other).toBe("");
  const jumped = said(facts({ exit: { open: 190, wanted: 190, price: 190 } }), "pessimistic", 0.01);
  expect(jumped.body).toBe(
    "Stop: the bar of 2023-04-13 07:00 opened at 190.00, beyond 192.40. " +
      "Filled at the open, never at a price that was not traded.",
  );
});

test("a signal names the crossing, its values, its bar and the fill; slippage is said", () => {
  const signals = [
    { signal: "leave", held: true, crosses: "below" as const, a_before: 73.5, a: 64.2, b_before: 70, b: 70 },
  ];
  const decision = { ...DECISION, signals, indicators: [{ name: "rsi(14)", before: 73.5, value: 64.2 }] };
  const exit = { decision: { ...decision, time: "2023-04-13T06:00:00Z" }, wanted: 195.1, price: 195.06 };
  const told = said(facts({ trade: { reason: "signal" }, exit }), "pessimistic", 0.01);
  expect(told.body).toBe(
    "The strategy asked to leave at the close of 2023-04-13 06:00: rsi(14) crossed below 70 (73.5, then 64.2). " +
      "A market order filled at the bar of 2023-04-13 07:00, 195.10. Slippage made 195.10 to 195.06.",
  );
  expect(told.before).toBe(
    "It bought at 198.55 in the bar of 2023-04-10 07:00: decided at the close of 2023-04-10 06:00: " +
      "rsi(14) crossed above 30 (29.3, then 39.2); filled at the open of the next traded bar.",
  );
});

test("two lines that cross are both named; a plain condition shows the indicators", () => {
  const crossing = { signal: "leave", held: true, crosses: "below" as const, a_before: 5, a: 3, b_before: 4, b: 3.5 };
  const lines = [
    { name: "sma(10)", before: 5, value: 3 },
    { name: "sma(30)", before: 4, value: 3.5 },
  ];
  const two = { ...DECISION, signals: [crossing], indicators: lines };
  const told = said(facts({ trade: { reason: "signal" }, exit: { decision: two } }), "pessimistic", 0.01);
  expect(told.body).toContain("sma(10) crossed below sma(30) (5, then 3 against 4, then 3.5).");
  const plain = { ...two, signals: [{ signal: "leave", held: true }] };
  const other = said(facts({ trade: { reason: "signal" }, exit: { decision: plain } }), "pessimistic", 0.01);
  expect(other.body).toContain("leave held (sma(10) 5, then 3, sma(30) 4, then 3.5).");
});

test("the time stop, the end of the data, and a short that is bought back", () => {
  const timed = { trade: { reason: "time" }, exit: { decision: { ...DECISION, signals: [] }, wanted: 195.1 } };
  expect(said(facts(timed), "pessimistic", 0.01).body).toContain(
    "The time stop was reached: 73 bars after the entry, decided at the close of 2023-04-10 06:00.",
  );
  expect(said(facts({ trade: { reason: "end" } }), "pessimistic", 0.01).body).toBe(
    "The data ended: it was closed at the last close.",
  );
  expect(said(facts({ trade: { side: -1 } }), "pessimistic", 0.01).title).toBe("Why it bought back at 192.40");
});
