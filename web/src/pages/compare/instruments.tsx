/** Every instrument of either run with one metric of both, and whether its trades are the same. */
import { useMemo, useRef, useState } from "react";
import type { Metrics } from "../../api/events";
import * as format from "../../parts/format";
import { metricOf, written } from "../../parts/metrics";
import { ACCOUNT, symbolOf } from "../../parts/names";
import { useRowKeys } from "../../parts/row_keys";
import { useWindowRows } from "../../parts/window_rows";
import type { ComparedResult } from "./compared";

const HEIGHT = 28;

interface Props {
  results: readonly ComparedResult[];
  metric: string;
  chosen: string;
  choose: (instrument: string) => void;
  pointed: string | undefined;
}

function apart({ a, b }: ComparedResult, metric: string): number | null {
  const [x, y] = [a?.[metric], b?.[metric]];
  return typeof x === "number" && typeof y === "number" ? y - x : null;
}

export function Instruments({ results, metric, chosen, choose, pointed }: Props) {
  const [onlyApart, setOnlyApart] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () =>
      results
        .filter((row) => !onlyApart || row.same_trades !== true)
        .map((row) => ({ row, by: apart(row, metric) }))
        .sort((x, y) => Math.abs(y.by ?? -1) - Math.abs(x.by ?? -1)),
    [results, metric, onlyApart],
  );
  const inView = useWindowRows(rows.length, HEIGHT, place);
  const take = (at: number) => {
    const row = rows[at];
    if (row) choose(row.row.instrument);
  };
  useRowKeys(rows.length, {
    open: take,
    show: (at) => {
      inView.show(at);
      take(at);
    },
  });
  const one = metricOf(metric);
  const named = results.filter((row) => row.instrument !== ACCOUNT);
  const same = named.filter((row) => row.same_trades).length;
  return (
    <>
      <div className="compare-bar">
        <h2 className="group">Instruments</h2>
        <span className="hint" data-same={same}>
          {format.count(same)} of {format.count(named.length)} with the same trades
        </span>
        <label className="hint">
          <input type="checkbox" checked={onlyApart} onChange={() => setOnlyApart((now) => !now)} /> only those that
          differ
        </label>
      </div>
      <div className="scroll compare-instruments" ref={place} tabIndex={0} role="region" aria-label="Instruments">
        <table className="list compare-list" aria-rowcount={rows.length + 1} aria-label="Instruments in both runs">
          <thead>
            <tr>
              <th>Symbol</th>
              <th className="number">A {one.short}</th>
              <th className="number">B {one.short}</th>
              <th className="number">B − A</th>
              <th>Trades</th>
            </tr>
          </thead>
          <tbody>
            {inView.before > 0 && <tr style={{ height: inView.before }} aria-hidden="true" />}
            {inView.places.map((at) => {
              const { row, by } = rows[at] as { row: ComparedResult; by: number | null };
              return (
                <tr
                  key={row.instrument}
                  data-row={row.instrument}
                  aria-rowindex={at + 2}
                  aria-selected={row.instrument === chosen}
                  className={row.instrument === pointed ? "pointed" : ""}
                  onClick={() => choose(row.instrument)}
                >
                  <td title={row.instrument}>
                    <button type="button">{symbolOf(row.instrument)}</button>
                  </td>
                  {(["a", "b"] as const).map((side) => (
                    <Value key={side} side={side} metrics={row[side] ?? {}} why={row[`why_${side}`]} metric={metric} />
                  ))}
                  <td className={`number ${one.signed && by ? (by > 0 ? "gain" : "loss") : ""}`} data-value={by ?? ""}>
                    {by === null ? "–" : difference(by, metric)}
                  </td>
                  <td className={row.same_trades ? "dim" : ""}>
                    {row.same_trades === null
                      ? row.a
                        ? "only in A"
                        : "only in B"
                      : row.same_trades
                        ? "same"
                        : "differ"}
                  </td>
                </tr>
              );
            })}
            {inView.after > 0 && <tr style={{ height: inView.after }} aria-hidden="true" />}
          </tbody>
        </table>
      </div>
    </>
  );
}

function difference(value: number, metric: string): string {
  return metric === "trades"
    ? (value < 0 ? "−" : value > 0 ? "+" : "") + format.count(Math.abs(value))
    : metricOf(metric).write(value);
}

interface ValueProps {
  metrics: Metrics;
  why: Record<string, string>;
  metric: string;
  side: "a" | "b";
}

function Value({ metrics, why, metric, side }: ValueProps) {
  const { text, raw, tone, hover } = written(metricOf(metric), metrics, why);
  return (
    <td className={`number ${tone}`} data-side={side} data-metric={metric} data-value={raw ?? ""} title={hover}>
      {text}
    </td>
  );
}
