/** What trades would have left at another fee: the same fills, with sizes from the equity that the fee leaves. */
import type { Schema } from "../../api/ask";

export type Basis = Schema["CostBasis"];

export interface Fill {
  side: number;
  entry_price: number;
  exit_price: number;
  stop: number | null;
  reason: string;
}

interface Row {
  side: number;
  entry: number;
  /** None of a position that is open at the end, or was settled without a charge. */
  exit: number | null;
  stop: number;
  last: number;
}

function rowsOf(trades: readonly Fill[], { held }: Basis): Row[] {
  const rows = trades.map((trade, place): Row => {
    const settled = trade.reason === "delist" && place === trades.length - 1;
    return {
      side: trade.side,
      entry: trade.entry_price,
      exit: settled ? null : trade.exit_price,
      stop: trade.stop ?? Number.NaN,
      last: trade.exit_price,
    };
  });
  if (held)
    rows.push({
      side: held.side,
      entry: held.entry_price,
      exit: null,
      stop: held.stop ?? Number.NaN,
      last: held.last,
    });
  return rows;
}

/** Units that a row would be given, before lots. */
function wanted(row: Row, equity: number, fee: number, { sizing, size, slippage, multiplier }: Basis): number {
  const price = row.entry * multiplier;
  const affordable = equity / (price * (1 + fee));
  if (sizing === "units") return Math.min(size, affordable);
  if (sizing === "cash") return Math.min(size / (price * (1 + fee)), affordable);
  if (sizing === "fraction") return Math.min(size * affordable, affordable);
  const level = row.stop * multiplier;
  const risked = (size * equity) / (Math.abs(price - level) + fee * (price + level) + slippage * level);
  return Math.min(risked, affordable);
}

/** Total return at a fee a side, a fraction; null where a lot could not be bought any more. */
export function returnAt(fee: number, trades: readonly Fill[], basis: Basis): number | null {
  const { cash, lot, multiplier } = basis;
  let equity = cash;
  for (const row of rowsOf(trades, basis)) {
    let quantity = wanted(row, equity, fee, basis);
    if (lot > 0) quantity = Math.floor(quantity / lot + 1e-9) * lot;
    if (!(quantity > 0)) {
      if (equity > 0) return null;
      continue;
    }
    const price = row.entry * multiplier;
    if (row.exit === null) equity += quantity * (row.side * (row.last * multiplier - price) - price * fee);
    else {
      const got = row.exit * multiplier;
      equity = Math.max(equity + quantity * (row.side * (got - price) - (price + Math.max(got, 0)) * fee), 0);
    }
  }
  return equity / cash - 1;
}
