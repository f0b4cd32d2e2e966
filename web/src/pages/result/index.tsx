/** One instrument of a run: its candles and trades, why each filled where it did, its metrics and what proves them. */
import { useCallback, useMemo, useState } from "react";
import { Link, useLocation, useParams, useSearch } from "wouter";
import type { Metrics } from "../../api/events";
import { Months } from "../../charts/months";
import { Fault } from "../../parts/fault";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { ACCOUNT, plainText } from "../../parts/names";
import { isPooled } from "../../parts/spec";
import { secondsOf } from "../bars";
import { useExplanation, useNeighbours, useRemade, useResult, useRun } from "./asked";
import { ChartStack, type Shown } from "./chart_stack";
import { CostSlider } from "./cost_slider";
import { factsOf } from "./explanation";
import { ExplanationCard } from "./explanation_card";
import { type Band, MetricList, MoreMetrics } from "./metric_list";
import { ReceiptPart } from "./receipt";
import { pathOf, TitleBar } from "./title_bar";
import { TradeTable } from "./trade_table";
import "./result.css";

const TABS = ["Chart", "Trades", "Metrics", "Receipt"] as const;
type Tab = (typeof TABS)[number];

export default function ResultPage() {
  const params = useParams<{ run: string; symbol: string }>();
  const symbol = plainText(params.symbol ?? "");
  return <OfResult key={`${params.run} ${symbol}`} run={params.run ?? ""} symbol={symbol} />;
}

function OfResult({ run, symbol }: { run: string; symbol: string }) {
  const detail = useRun(run);
  const found = useResult(run, symbol);
  const remade = useRemade(run, symbol);
  const state = detail.data?.state ?? "";
  const neighbours = useNeighbours(run, state).data ?? [];
  const [tick, setTick] = useState<number | undefined>(undefined);
  const [tab, setTab] = useState<Tab>("Chart");
  const phone = useWidth() === "phone";
  const result = found.data?.result;
  const trades = found.data?.trades ?? [];
  const { number, choose, step } = useChosen(trades.length);
  const here = result ? neighbours.indexOf(result.instrument) : -1;
  const before = here > 0 ? neighbours[here - 1] : undefined;
  const after = here >= 0 ? neighbours[here + 1] : undefined;
  useResultKeys({ run, before, after, step, explain: () => explainOne(number, trades.length, choose, setTab) });

  const shown = useMemo(
    (): Shown | undefined =>
      result?.first && result.last && detail.data
        ? {
            run,
            symbol,
            instrument: result.instrument,
            interval: result.interval,
            seconds: secondsOf(result.interval),
            snapshot: detail.data.snapshot,
            whole: {
              start: Date.parse(result.first),
              end: Date.parse(result.last) + secondsOf(result.interval) * 1000,
            },
            cash: result.equity[0] ?? 1,
            equity: result.equity,
            deepest: result.metrics.max_drawdown ?? null,
            trail: typeof detail.data.spec.trail === "number" ? detail.data.spec.trail : undefined,
          }
        : undefined,
    [result, detail.data, run, symbol],
  );
  const metrics: Metrics = remade.data?.metrics ?? result?.metrics ?? {};
  const why = remade.data?.why ?? result?.why ?? {};
  const told = { metrics, why, convention: remade.data?.convention ?? undefined, loaded: !remade.isPending };
  const spec = detail.data?.spec;
  const path = String(spec?.path ?? "pessimistic");
  const fee = typeof (spec?.fee ?? 0) === "number" ? Number(spec?.fee ?? 0) : Number.NaN;
  const pooled = isPooled(spec);
  // Neither of one account nor of trades made elsewhere it is known what the other order would have left.
  const other = !pooled && !result?.flags.includes("imported");
  const band = useBand(run, symbol, spec && other ? trades.length : 0, shown?.cash, metrics);
  const fault = found.error ?? detail.error;
  if (fault)
    return (
      <main id="main" data-page="result" data-state="failed" tabIndex={-1}>
        <Fault fault={fault} />
      </main>
    );
  return (
    <main id="main" data-page="result" data-state={result ? "done" : "running"} data-tab={tab} tabIndex={-1}>
      <TitleBar
        run={run}
        symbol={result?.instrument.split(":")[1] ?? symbol}
        detail={result && detail.data}
        ambiguous={result?.metrics.ambiguous_trades ?? 0}
        flags={result?.flags ?? []}
        before={before}
        after={after}
      />
      <div className="result">
        <div className="left">
          <div className="part chart">
            {shown && (
              <ChartStack
                shown={shown}
                trades={trades}
                chosen={trades[number - 1]}
                choose={choose}
                phone={phone}
                onTick={setTick}
              />
            )}
          </div>
          <Tabs tab={tab === "Chart" && !phone ? "Trades" : tab} choose={setTab} />
          <div className="part trade-part">
            {result && (tick !== undefined || !shown) && (
              <TradeTable
                trades={trades}
                chosen={number}
                choose={choose}
                interval={result.interval}
                tick={tick ?? 0}
                rowHeight={phone ? 48 : 28}
              />
            )}
          </div>
        </div>
        <div className="right scroll" tabIndex={0} role="region" aria-label="Explanation, metrics, receipt">
          {number > 0 && (!result || number <= trades.length) && (
            <div className="part card-part">
              <ExplanationCard
                run={run}
                symbol={symbol}
                number={number}
                path={path}
                tick={tick ?? 0}
                close={() => choose(0)}
                known={result !== undefined && tick !== undefined}
              />
            </div>
          )}
          <div className="part metric-part">
            {pooled && result && result.instrument !== ACCOUNT ? (
              <p className="warn">
                What {symbol} brought to the <Link href={`/runs/${run}/account`}>account</Link> that all instruments
                share: returns are of the cash of that.
              </p>
            ) : (
              remade.data?.trouble && <p className="warn">{remade.data.trouble}</p>
            )}
            <MetricList {...told} band={band} other={other} />
            {!detail.data?.elsewhere && (
              <CostSlider
                trades={trades}
                basis={remade.data?.cost_basis}
                fee={fee}
                breakEven={metrics.break_even_fee ?? null}
                why={why.break_even_fee ?? ""}
                loaded={remade.isSuccess}
              />
            )}
            {remade.data?.months && (
              <section aria-label="Return by month">
                <h2 className="group">Return by month, %</h2>
                <Months years={remade.data.months} />
              </section>
            )}
            {(remade.isSuccess || remade.isError) && <MoreMetrics {...told} />}
          </div>
          {(remade.isSuccess || remade.isError) && (
            <div className="part receipt-tab">
              <ReceiptPart run={run} state={state} />
              <p className="hint credit">
                Charts:{" "}
                <a href="https://www.tradingview.com/" rel="noopener noreferrer" target="_blank">
                  TradingView Lightweight Charts
                </a>
              </p>
            </div>
          )}
        </div>
      </div>
    </main>
  );
}

function Tabs({ tab, choose }: { tab: Tab; choose: (tab: Tab) => void }) {
  return (
    <div className="tabs" role="group" aria-label="Show">
      {TABS.map((name) => (
        <button key={name} type="button" aria-pressed={name === tab} onClick={() => choose(name)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** The trade that is chosen, as the address says it; 0 is none. */
function useChosen(count: number) {
  const [, go] = useLocation();
  const search = useSearch();
  const asked = Number(new URLSearchParams(search).get("trade") ?? 0);
  const number = Number.isInteger(asked) && asked > 0 ? asked : 0;
  const choose = useCallback(
    (next: number) => go(location.pathname + (next > 0 ? `?trade=${next}` : ""), { replace: true }),
    [go],
  );
  const step = useCallback(
    (by: number) => {
      if (count === 0) return;
      const next = number === 0 ? (by > 0 ? 1 : count) : number + by;
      choose(Math.min(Math.max(next, 1), count));
    },
    [choose, count, number],
  );
  return { number, choose, step };
}

function explainOne(number: number, count: number, choose: (n: number) => void, setTab: (tab: Tab) => void): void {
  if (count === 0) return;
  if (number === 0) choose(count);
  setTab("Metrics");
  requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-explain]")?.focus());
}

interface KeyWishes {
  run: string;
  before: string | undefined;
  after: string | undefined;
  step: (by: number) => void;
  explain: () => void;
}

function useResultKeys({ run, before, after, step, explain }: KeyWishes): void {
  const [, go] = useLocation();
  useKeys([
    { press: "n", does: "next trade", act: () => step(1) },
    { press: "p", does: "previous trade", act: () => step(-1) },
    { press: "j", does: "row below", act: () => step(-1) },
    { press: "k", does: "row above", act: () => step(1) },
    { press: "ArrowDown", does: "row below", act: () => step(-1) },
    { press: "ArrowUp", does: "row above", act: () => step(1) },
    { press: "e", does: "explain the trade", act: explain },
    { press: "[", does: "previous instrument", act: () => before && go(pathOf(run, before)) },
    { press: "]", does: "next instrument", act: () => after && go(pathOf(run, after)) },
    { press: "Backspace", does: "back to the run", act: () => go(`/runs/${run}`) },
  ]);
}

/** Total return by either order inside the bars: kept with the run where it walked both, else from an explanation. */
function useBand(
  run: string,
  symbol: string,
  count: number,
  cash: number | undefined,
  metrics: Metrics,
): Band | undefined {
  const best = metrics.total_return_optimistic;
  const kept = typeof best === "number" && typeof metrics.total_return === "number";
  const { data } = useExplanation(run, symbol, count > 0 && !kept ? 1 : 0);
  if (kept) return { pessimistic: metrics.total_return as number, optimistic: best };
  if (!data || !cash) return undefined;
  const { pessimistic, optimistic } = factsOf(data).paths;
  if (!pessimistic || !optimistic) return undefined;
  return { pessimistic: pessimistic.final_equity / cash - 1, optimistic: optimistic.final_equity / cash - 1 };
}
