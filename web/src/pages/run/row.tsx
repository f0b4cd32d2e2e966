/** One instrument of the table: its numbers, its line, its flag. */
import { memo, useLayoutEffect, useRef } from "react";
import { Link } from "wouter";
import type { Result } from "../../api/events";
import { extentOf, type Scale, Spark } from "../../charts/spark";
import { type Metric, metricOf, written } from "../../parts/metrics";
import { ACCOUNT, symbolOf } from "../../parts/names";

const FADE_MS = 400;
const faded = new WeakSet<Result>();

/** These have been seen: they do not fade in when they are scrolled to. */
export function markSeen(results: readonly Result[], from: number): void {
  for (let i = from; i < results.length; i++) faded.add(results[i] as Result);
}

/** Where nothing may move nothing fades. */
function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Let a ground fade behind rows of a table, between two places of it, px. */
export function fadeIn(table: HTMLElement, top: number, height: number): void {
  if (still()) return;
  const ground = document.createElement("div");
  ground.className = "arrived";
  ground.style.top = `${top}px`;
  ground.style.height = `${height}px`;
  table.append(ground);
  ground.animate([{ opacity: 1 }, { opacity: 0 }], FADE_MS).onfinish = () => ground.remove();
}

export interface RowProps {
  run: string;
  result: Result;
  place: number;
  columns: readonly string[];
  scale: Scale;
  chosen: boolean;
  marked: boolean;
  flag: string;
  /** By how many periods a year is reckoned, in words. */
  year: string;
  /** Address of the result's page. */
  path: string;
  phone: boolean;
}

export function pathOf(run: string, result: Result, twice: ReadonlySet<string>): string {
  const symbol = symbolOf(result.instrument);
  return `/runs/${run}/${encodeURIComponent(twice.has(symbol) ? result.instrument : symbol)}`;
}

export const Row = memo(function Row(props: RowProps) {
  const { result, place, chosen, marked } = props;
  const here = useRef<HTMLTableRowElement>(null);
  useLayoutEffect(() => {
    if (faded.has(result) || still()) return;
    here.current?.animate([{ background: "var(--select)" }, { background: "transparent" }], FADE_MS);
  }, [result]);
  return (
    <tr
      ref={here}
      data-row={symbolOf(result.instrument)}
      data-instrument={result.instrument}
      aria-rowindex={place + 1}
      aria-selected={chosen}
      className={marked ? "marked" : ""}
    >
      {props.phone ? <PhoneCells {...props} /> : <WideCells {...props} />}
    </tr>
  );
});

/** An account is as large as all its shares together: on their scale it would run along the edge. */
function scaleOf({ instrument, equity }: Result, scale: Scale): Scale {
  return instrument === ACCOUNT ? extentOf(equity) : scale;
}

function WideCells({ result, place, columns, scale, flag, year, path }: RowProps) {
  return (
    <>
      <td className="number dim">{place}</td>
      <td className="symbol">
        <Link href={path} tabIndex={-1} title={result.instrument}>
          {symbolOf(result.instrument)}
        </Link>
      </td>
      {columns.map((name) => (
        <Figure key={name} metric={metricOf(name)} result={result} year={year} />
      ))}
      <td className="line">
        <Spark equity={result.equity} scale={scaleOf(result, scale)} width={112} height={20} />
      </td>
      <td className="flags warn" title={flag}>
        {flag && <span aria-hidden="true">⚑</span>}
        {flag && <span className="unseen">{flag}</span>}
      </td>
    </>
  );
}

const TRADES = metricOf("trades");
const SHARPE = metricOf("sharpe");
const RETURN = metricOf("total_return");
const DRAWDOWN = metricOf("max_drawdown");

function PhoneCells({ result, scale, path, flag }: RowProps) {
  const sharpe = written(SHARPE, result.metrics, result.why);
  const trades = written(TRADES, result.metrics, result.why);
  return (
    <>
      <td className="symbol">
        <Link href={path} title={result.instrument}>
          {symbolOf(result.instrument)} {flag && <span className="warn">⚑</span>}
        </Link>
        <span className="below">
          <span data-metric="trades" data-value={trades.raw ?? ""}>
            {trades.text} trades
          </span>
          {" · "}
          <span data-metric="sharpe" data-value={sharpe.raw ?? ""}>
            SR {sharpe.text}
          </span>
        </span>
      </td>
      <Figure metric={RETURN} result={result} />
      <Figure metric={DRAWDOWN} result={result} />
      <td className="line">
        <Spark equity={result.equity} scale={scaleOf(result, scale)} width={80} height={28} />
      </td>
    </>
  );
}

function Figure({ metric, result, year = "" }: { metric: Metric; result: Result; year?: string }) {
  const { text, raw, tone, hover } = written(metric, result.metrics, result.why, year);
  return (
    <td className={tone ? `number ${tone}` : "number"} data-metric={metric.name} data-value={raw ?? ""} title={hover}>
      {text}
    </td>
  );
}
