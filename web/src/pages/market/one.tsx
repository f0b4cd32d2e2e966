/** One instrument: candles with indicators, what is held of it, its facts. */
import { useState } from "react";
import { Link } from "wouter";
import { CoverageStrip, stripText } from "../../charts/coverage_strip";
import { Fault } from "../../parts/fault";
import { kept, useHeld } from "../../parts/held";
import { secondsOf } from "../bars";
import { Chart, type ReadLines } from "./chart";
import { Facts } from "./facts";
import { Lines } from "./lines";
import { type Instrument, type Line, useCoverage } from "./listed";

const chosenInterval = kept("market.interval", "");
const chosenLines = kept<readonly Line[]>("market.lines", []);
const OFFERED = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "1w"];

/** What is held and what it makes up, finest first. */
function intervalsOf({ intervals }: Instrument): string[] {
  const held = intervals.map((each) => each.interval).sort((a, b) => secondsOf(a) - secondsOf(b));
  const made = OFFERED.filter((each) =>
    held.some((finer) => secondsOf(each) > secondsOf(finer) && secondsOf(each) % secondsOf(finer) === 0),
  );
  return [...new Set([...held, ...made])].sort((a, b) => secondsOf(a) - secondsOf(b));
}

/** The held series that bars of an interval are made of: that interval itself, else the finest that it is a multiple of. */
export function sourceOf({ intervals }: Instrument, interval: string): Instrument["intervals"][number] | undefined {
  const own = intervals.find((each) => each.interval === interval);
  const fits = intervals.filter((each) => secondsOf(interval) % secondsOf(each.interval) === 0);
  return own ?? fits.sort((a, b) => secondsOf(a.interval) - secondsOf(b.interval))[0];
}

/** `2021-04`, UTC. */
function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

interface Props {
  instrument: Instrument;
  phone: boolean;
  step: (by: number) => void;
}

export function One({ instrument, phone, step }: Props) {
  const choices = intervalsOf(instrument);
  const wished = useHeld(chosenInterval);
  const interval = choices.includes(wished) ? wished : (instrument.intervals[0]?.interval ?? "");
  const lines = useHeld(chosenLines);
  const [read, setRead] = useState<ReadLines>({ fault: null, ends: [] });
  const coverage = useCoverage(instrument);
  const source = sourceOf(instrument, interval);
  const series = coverage.data?.coverage.find((each) => each.interval === source?.interval);
  return (
    <section
      className="scroll market-one"
      aria-label={instrument.symbol}
      tabIndex={0}
      data-instrument={instrument.instrument}
    >
      <div className="market-head">
        {phone && <Link href="/market">‹ Market</Link>}
        <h1 className="title">{instrument.symbol}</h1>
        <span className="hint">
          {instrument.venue} · {instrument.kind}
        </span>
        <span className="spacer" />
        {choices.length > 0 && (
          <select
            className="field"
            aria-label="Interval"
            value={interval}
            onChange={(event) => chosenInterval.set(event.target.value)}
          >
            {choices.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <button
          type="button"
          className="button"
          title="Previous instrument"
          aria-label="Previous instrument"
          onClick={() => step(-1)}
        >
          [
        </button>
        <button
          type="button"
          className="button"
          title="Next instrument"
          aria-label="Next instrument"
          onClick={() => step(1)}
        >
          ]
        </button>
      </div>
      {source ? (
        <>
          <Lines lines={lines} change={(next) => chosenLines.set(next)} read={read} />
          <Chart
            key={interval}
            instrument={instrument}
            interval={interval}
            source={source}
            coverage={series}
            snapshot={coverage.data?.snapshot}
            lines={lines}
            phone={phone}
            onRead={setRead}
          />
          <div className="market-strip">
            {series?.strip && (
              <>
                <CoverageStrip strip={series.strip} height={24} />
                <p className="hint">
                  <span>{monthOf(Date.parse(coverage.data?.start ?? series.first))}</span>
                  <span>
                    {source.interval} by month: {stripText(series.strip)}
                  </span>
                  <span>{monthOf(Date.parse(coverage.data?.end ?? series.last) - 1)}</span>
                </p>
              </>
            )}
          </div>
        </>
      ) : (
        <div className="empty" data-empty="bars">
          <h2>No bars of {instrument.symbol} yet.</h2>
          <p>
            Drop CSV or Parquet files <Link href="/data">here</Link>.
          </p>
        </div>
      )}
      {coverage.error && <Fault fault={coverage.error} />}
      <Facts instrument={instrument} series={coverage.data?.coverage ?? []} />
    </section>
  );
}
