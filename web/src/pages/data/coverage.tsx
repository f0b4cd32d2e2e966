/** What is held of every series over time, with its holes and the rows that imports set aside. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, body, type Schema } from "../../api/ask";
import { CoverageStrip } from "../../charts/coverage_strip";
import { Dialog } from "../../parts/dialog";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { symbolOf } from "../../parts/names";

type Series = Schema["SeriesCoverage"];
const CELLS = 60;
const MOST_LISTED = 200;

/** Every hole of a series, and its rows in quarantine. */
function Holes({ series, close }: { series: Series; close: () => void }) {
  const { instrument, interval } = series;
  const { data, error } = useQuery({
    queryKey: ["holes", instrument, interval],
    queryFn: () =>
      body(
        api.GET("/api/v1/coverage", {
          params: { query: { symbols: instrument, interval, gaps: true, quarantine: true } },
        }),
      ),
  });
  const runs = data?.coverage[0]?.runs ?? [];
  const aside = data?.quarantine?.filter((each) => each.interval === interval) ?? [];
  return (
    <Dialog title={`${symbolOf(instrument)} ${interval}`} close={close}>
      <div className="commit-report" tabIndex={0} role="group" aria-label={`Holes of ${symbolOf(instrument)}`}>
        {error && <Fault fault={error} />}
        {data && <p>{runs.length === 0 ? "No hole." : `${format.several(runs.length, "hole")}, times UTC`}</p>}
        {runs.length > 0 && (
          <table className="list">
            <thead>
              <tr>
                <th>From</th>
                <th>To, excluded</th>
                <th className="number">Bars</th>
                <th>State</th>
              </tr>
            </thead>
            <tbody>
              {runs.slice(0, MOST_LISTED).map((run) => (
                <tr key={run.start} data-hole={run.start}>
                  <td>{format.barTime(run.start, interval, "UTC", false)}</td>
                  <td>{format.barTime(run.end, interval, "UTC", false)}</td>
                  <td className="number" data-value={run.bars}>
                    {format.count(run.bars)}
                  </td>
                  <td className="dim">{run.state === "empty" ? "confirmed empty" : "missing"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {runs.length > MOST_LISTED && (
          <p className="hint">
            {format.count(runs.length - MOST_LISTED)} more: <code>tapehead coverage {symbolOf(instrument)} --gaps</code>
          </p>
        )}
        {aside.length > 0 && <h3 className="group">Set aside by imports</h3>}
        {aside.slice(0, MOST_LISTED).map((row) => (
          <p key={`${row.path} ${row.row}`} data-aside={row.row}>
            {row.path}, row {format.count(row.row)}: {row.reason} <span className="hint">{row.values}</span>
          </p>
        ))}
      </div>
      <button type="button" className="button" onClick={close}>
        Close
      </button>
    </Dialog>
  );
}

function SeriesRow({ series, show }: { series: Series; show: () => void }) {
  const { instrument, interval, first, last, bars, missing, empty, gaps, suspect, strip } = series;
  const numbers = { bars, missing, empty, suspect };
  const day = (iso: string) => format.day(iso);
  return (
    <tr data-series={`${instrument} ${interval}`}>
      <td>
        <Link href={`/market/${encodeURIComponent(instrument)}`} title={instrument}>
          {symbolOf(instrument)}
        </Link>
      </td>
      <td>{interval}</td>
      <td className="wide-only">{day(first)}</td>
      <td className="wide-only">{day(last)}</td>
      <td className="strip">
        <CoverageStrip strip={strip ?? ""} />
      </td>
      {Object.entries(numbers).map(([name, value]) => (
        <td key={name} className={`number ${name === "bars" ? "" : "wide-only"}`} data-metric={name} data-value={value}>
          {format.count(value)}
        </td>
      ))}
      <td className="number">
        <button
          type="button"
          className="link"
          data-metric="gaps"
          data-value={gaps}
          aria-label={`${format.several(gaps, "hole")} of ${symbolOf(instrument)} ${interval}`}
          onClick={show}
        >
          {format.count(gaps)}
        </button>
      </td>
    </tr>
  );
}

export function Coverage() {
  const [shown, show] = useState<Series>();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["coverage", CELLS],
    queryFn: ({ pageParam: cursor }) =>
      body(api.GET("/api/v1/coverage", { params: { query: { cells: CELLS, limit: 100, cursor } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor,
  });
  const rows = data?.pages.flatMap((page) => page.coverage) ?? [];
  const { start, end } = data?.pages[0] ?? {};
  return (
    <section className="coverage" aria-label="Coverage">
      <h2 className="group">
        What is held{start && end ? `, strips from ${format.day(start)} to ${format.day(end)} UTC` : ""}
      </h2>
      {error && <Fault fault={error} />}
      {data && rows.length === 0 && <p className="hint">No bars yet.</p>}
      {rows.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th>Symbol</th>
              <th>Interval</th>
              <th className="wide-only">First</th>
              <th className="wide-only">Last</th>
              <th className="strip">Full, half where some is missing, hatched where all is</th>
              <th className="number">Bars</th>
              <th className="number wide-only">Missing</th>
              <th className="number wide-only" title="Steps that the source confirms to be without a bar">
                Empty
              </th>
              <th className="number wide-only" title="Bars whose high or low contradicts">
                Suspect
              </th>
              <th className="number">Holes</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((series) => (
              <SeriesRow key={`${series.instrument} ${series.interval}`} series={series} show={() => show(series)} />
            ))}
          </tbody>
        </table>
      )}
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          More series
        </button>
      )}
      {shown && <Holes series={shown} close={() => show(undefined)} />}
    </section>
  );
}
