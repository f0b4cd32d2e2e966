/** The trades of one instrument that differ between two runs, and why they may. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schema } from "../../api/ask";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { symbolOf } from "../../parts/names";
import { REASONS } from "./compared";

const MOST = 500;
type Trade = Schema["DifferingTrade"];

export function Apart({ a, b, instrument }: { a: string; b: string; instrument: string }) {
  const { data, error } = useQuery({
    queryKey: ["compare", a, b, instrument],
    queryFn: () =>
      body(
        api.GET("/api/v1/runs/{a}/compare/{b}/trades/{symbol}", {
          params: { path: { a, b, symbol: instrument }, query: { limit: MOST } },
        }),
      ),
    staleTime: Infinity,
    placeholderData: (before) => before,
  });
  const all = data ? data.trades.length + data.more : 0;
  return (
    <section className="compare-apart" data-instrument={data?.instrument ?? ""}>
      <div className="compare-bar">
        <h2 className="group">Trades of {symbolOf(instrument)} that differ</h2>
        {data && (
          <>
            <span className="hint" data-apart={all}>
              {all === 0 ? "none" : format.count(all)}
              {data.more > 0 && `, the first ${format.count(data.trades.length)} are listed`}
            </span>
            {all > 0 &&
              data.reasons.map((reason) => (
                <span key={reason} className="chip" data-reason={reason} title={REASONS[reason].means}>
                  {REASONS[reason].word}
                </span>
              ))}
          </>
        )}
        <span className="spacer" />
        <Link href={`/runs/${a}/${encodeURIComponent(instrument)}`}>chart of A</Link>
        <Link href={`/runs/${b}/${encodeURIComponent(instrument)}`}>chart of B</Link>
      </div>
      {error ? <Fault fault={error} /> : data && <Trades trades={data.trades} />}
    </section>
  );
}

function Trades({ trades }: { trades: readonly Trade[] }) {
  if (trades.length === 0) return <p className="hint compare-none">Its trades are the same, bit for bit.</p>;
  return (
    <div className="scroll compare-trades" tabIndex={0} role="region" aria-label="Trades that differ">
      <table className="list compare-list">
        <thead>
          <tr>
            <th>In</th>
            <th>Side</th>
            <th>Entry (UTC)</th>
            <th>A exit</th>
            <th>B exit</th>
            <th className="number">A profit</th>
            <th className="number">B profit</th>
            <th>Differs by</th>
          </tr>
        </thead>
        <tbody>
          {trades.map((trade, at) => (
            <tr key={at} data-apart-trade={trade.entry_time} data-only={trade.only ?? ""}>
              <td className={trade.only ? "warn" : ""}>{trade.only ? `only ${trade.only.toUpperCase()}` : "both"}</td>
              <td>{trade.side > 0 ? "▲ long" : "▼ short"}</td>
              <td>{format.time(trade.entry_time, "UTC", false)}</td>
              {[trade.a, trade.b].map((side, place) => (
                <td key={place} className={side ? "" : "dim"}>
                  {side ? `${format.time(String(side.exit_time), "UTC", false)} ${side.reason}` : "–"}
                </td>
              ))}
              {[trade.a, trade.b].map((side, place) => (
                <Profit key={place} value={side ? Number(side.profit) : null} side={place === 0 ? "a" : "b"} />
              ))}
              <td className="dim c-by" title={wordsOf(trade)}>
                {wordsOf(trade)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function wordsOf({ differing }: Trade): string {
  return differing.join(", ").replaceAll("_", " ");
}

function Profit({ value, side }: { value: number | null; side: "a" | "b" }) {
  const tone = value ? (value > 0 ? "gain" : "loss") : "dim";
  return (
    <td className={`number ${tone}`} data-side={side} data-metric="profit" data-value={value ?? ""}>
      {value === null ? "–" : format.money(value, true)}
    </td>
  );
}
