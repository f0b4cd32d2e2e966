/** The closed trades, newest first; only the rows that can be seen are drawn. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import * as format from "../../parts/format";
import { symbolOf } from "../../parts/names";
import type { Trade } from "./asked";

interface Props {
  trades: readonly Trade[];
  chosen: number;
  choose: (number: number) => void;
  interval: string;
  tick: number;
  rowHeight: number;
}

const HEADER = 28;
/** What a narrow page shows of them; a row that spans more would make columns of its own. */
const LEAST_COLUMNS = 5;
const HEADERS: readonly [string, boolean][] = [
  ["#", true],
  ["Side", false],
  ["Entry UTC", true],
  ["Price", true],
  ["Exit UTC", true],
  ["Price", true],
  ["Bars", true],
  ["Return %", true],
  ["Exit by", false],
];

export function TradeTable({ trades, chosen, choose, interval, tick, rowHeight }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: trades.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollPaddingStart: rowHeight,
    scrollPaddingEnd: HEADER + rowHeight,
  });
  useEffect(() => rows.measure(), [rowHeight, rows]);
  useEffect(() => {
    if (chosen > 0) rows.scrollToIndex(trades.length - chosen, { align: "auto" });
  }, [chosen, trades.length, rows]);
  const shown = rows.getVirtualItems();
  const before = shown[0]?.start ?? 0;
  const after = rows.getTotalSize() - (shown[shown.length - 1]?.end ?? 0);
  return (
    <div
      className={`scroll trades ${trades[0]?.instrument ? "many" : ""}`}
      ref={scroll}
      tabIndex={0}
      role="region"
      aria-label="Trades"
    >
      <table className="list" aria-label="Closed trades" aria-rowcount={trades.length + 1}>
        <thead>
          <tr>
            {HEADERS.map(([name, number], place) => (
              <th key={place} scope="col" className={number ? "number" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {shown.map(({ index }) => {
            const trade = trades[trades.length - 1 - index] as Trade;
            return (
              <Row
                key={trade.number}
                trade={trade}
                index={index}
                chosen={trade.number === chosen}
                choose={choose}
                interval={interval}
                tick={tick}
              />
            );
          })}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
      {trades.length === 0 && <p className="hint none">No trade was closed.</p>}
    </div>
  );
}

function Space({ height }: { height: number }) {
  return (
    <tr aria-hidden="true" className="space">
      <td colSpan={LEAST_COLUMNS} style={{ height }} />
    </tr>
  );
}

interface RowProps {
  trade: Trade;
  index: number;
  chosen: boolean;
  choose: (number: number) => void;
  interval: string;
  tick: number;
}

function Row({ trade, index, chosen, choose, interval, tick }: RowProps) {
  const time = (text: string) => format.barTime(text, interval, "UTC", false);
  return (
    <tr data-trade={trade.number} aria-rowindex={index + 2} aria-selected={chosen} onClick={() => choose(trade.number)}>
      <td className="number dim">{trade.number}</td>
      <td>
        {trade.side > 0 ? "▲ long" : "▼ short"}
        {trade.instrument && ` ${symbolOf(trade.instrument)}`}
      </td>
      <td className="number">{time(trade.entry_time)}</td>
      <Cell name="entry_price" value={trade.entry_price} text={format.price(trade.entry_price, tick)} />
      <td className="number">{time(trade.exit_time)}</td>
      <Cell name="exit_price" value={trade.exit_price} text={format.price(trade.exit_price, tick)} />
      <Cell
        name="bars"
        value={trade.exit_bar - trade.entry_bar}
        text={format.count(trade.exit_bar - trade.entry_bar)}
      />
      <Cell
        name="return"
        value={trade.return ?? undefined}
        text={trade.return === null ? "–" : format.percent(trade.return)}
        tone={(trade.return ?? 0) > 0 ? "gain" : (trade.return ?? 0) < 0 ? "loss" : ""}
      />
      <td>
        {trade.reason}
        {trade.ambiguous && <span className="warn"> · ambiguous</span>}
        {trade.across_gap && <span className="warn"> · over a hole</span>}
      </td>
    </tr>
  );
}

interface CellProps {
  name: string;
  value: number | undefined;
  text: string;
  tone?: string;
}

function Cell({ name, value, text, tone = "" }: CellProps) {
  return (
    <td className={`number ${tone}`} data-metric={name} data-value={value}>
      {text}
    </td>
  );
}
