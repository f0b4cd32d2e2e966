/** Which instruments an expression of indicators holds for; the address keeps the question. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api, body, type Schema } from "../../api/ask";
import { Problem } from "../../api/problem";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { useKeys } from "../../parts/keys";
import { symbolOf } from "../../parts/names";
import { useRowKeys } from "../../parts/row_keys";
import { useUniverses } from "../run/market";
import "./screen.css";

type Answer = Schema["ScreenPage"];
const MOST = 200;
const NAMES = ["expression", "universe", "interval", "by"];
const EXAMPLE = "rsi(14) < 30 and close > sma(200)";

const pathOf = (instrument: string) => `/market/${encodeURIComponent(instrument)}`;

export default function ScreenPage() {
  const [, go] = useLocation();
  const search = useSearch();
  const given = new URLSearchParams(search);
  const asked: Record<string, string> = Object.fromEntries([...given].filter(([name]) => NAMES.includes(name)));
  const wanted = Boolean(asked.expression || asked.by);
  const { data, error, isFetching } = useQuery({
    queryKey: ["screen", search],
    queryFn: () => body(api.GET("/api/v1/screen", { params: { query: { ...asked, limit: MOST } } })),
    enabled: wanted,
    placeholderData: keepPreviousData,
  });
  const found = wanted && !error ? data : undefined;
  const rows = found?.screen ?? [];
  const open = (at: number) => rows[at] && go(pathOf(rows[at].instrument));
  const show = (at: number) => document.querySelectorAll("[data-row]")[at]?.scrollIntoView({ block: "nearest" });
  const keys = useRowKeys(rows.length, { open, show });
  useKeys([{ press: "Backspace", does: "back", act: () => history.back() }]);
  return (
    <main
      id="main"
      data-page="screen"
      data-state={error ? "failed" : isFetching ? "running" : found ? "done" : "idle"}
      tabIndex={-1}
      className="screen"
    >
      <h1 className="title">Screen</h1>
      <Question key={search} asked={asked} fault={error} ask={(query) => go(`/screen?${query}`)} />
      {error && !(error instanceof Problem && error.position) && <Fault fault={error} />}
      {found && <Counts found={found} />}
      {rows.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Matches">
          <table className="list" aria-label="Matches">
            <thead>
              <tr>
                <th>Symbol</th>
                <th>Bar (UTC)</th>
                <th className="number">Close</th>
                {found?.columns.map((name) => (
                  <th key={name} className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={row.instrument} data-row={row.instrument} aria-selected={at === keys.at}>
                  <td>
                    <Link href={pathOf(row.instrument)}>{symbolOf(row.instrument)}</Link>
                  </td>
                  <td>{format.barTime(row.ts, found?.interval ?? "", "UTC", false)}</td>
                  <Cell value={row.close} />
                  {found?.columns.map((name) => (
                    <Cell key={name} value={row.values[name] ?? null} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </main>
  );
}

/** A number in short, its every digit on hover; what is not known is a dash. */
function Cell({ value }: { value: number | string | null }) {
  const short =
    typeof value === "number"
      ? value.toLocaleString("en-US", { maximumSignificantDigits: 7 }).replace("-", "−")
      : (value ?? "–");
  return (
    <td className="number" data-value={value ?? ""} title={String(value ?? "not known")}>
      {short}
    </td>
  );
}

interface Asking {
  asked: Record<string, string>;
  fault: unknown;
  ask: (query: string) => void;
}

/** The expression with its place where it does not read, whom it is asked of, and what orders the answer. */
function Question({ asked, fault, ask }: Asking) {
  const universes = useUniverses().data ?? [];
  const [text, type] = useState(asked.expression ?? "");
  const problem = fault instanceof Problem && fault.position ? fault : undefined;
  const wrong = problem?.fields[0]?.field ?? "expression";
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const filled = [...new FormData(event.currentTarget)].filter(([, value]) => String(value).trim());
    ask(new URLSearchParams(filled as [string, string][]).toString());
  };
  const field = (name: string) => ({
    className: "field",
    name,
    spellCheck: false,
    autoComplete: "off",
    "aria-invalid": problem && wrong === name ? true : undefined,
    "aria-describedby": problem && wrong === name ? "screen-fault" : undefined,
  });
  return (
    <form onSubmit={send}>
      <label className="wide">
        <span className="label">Expression</span>
        <input
          {...field("expression")}
          placeholder={EXAMPLE}
          value={text}
          onChange={(event) => type(event.target.value)}
        />
      </label>
      <label>
        <span className="label">Universe</span>
        <select key={universes.length} className="field" name="universe" defaultValue={asked.universe ?? ""}>
          <option value="">all</option>
          {universes.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          {asked.universe && !universes.some(({ name }) => name === asked.universe) && (
            <option>{asked.universe}</option>
          )}
        </select>
      </label>
      <label>
        <span className="label">Interval</span>
        <input {...field("interval")} defaultValue={asked.interval} placeholder="1d" />
      </label>
      <label>
        <span className="label">Largest first by</span>
        <input {...field("by")} defaultValue={asked.by} placeholder="volume" />
      </label>
      <button type="submit" className="primary">
        Screen
      </button>
      {problem && (
        <div className="loss wide" role="alert" id="screen-fault">
          <pre data-position={problem.position}>{`${asked[wrong] ?? ""}\n${"^".padStart(problem.position ?? 1)}`}</pre>
          {problem.fields[0]?.text}
        </div>
      )}
      {!asked.expression && !asked.by && (
        <p className="hint wide">
          Indicators by their calls, <code>close</code> <code>volume</code> <code>change(5)</code>, sums, and, or, not,{" "}
          <code>crosses_above(ema(12), ema(26))</code>, <code>rank(volume) &lt;= 10</code>,{" "}
          <code>kind == "crypto"</code>.
        </p>
      )}
    </form>
  );
}

/** How many it holds for, and of whom it cannot be told. */
function Counts({ found }: { found: Answer }) {
  const { matched, asked, screen, missing, quiet, absent } = found;
  return (
    <div role="status" data-count={matched}>
      <p>
        {format.count(matched)} of {format.several(asked, "instrument")} · {found.interval} ·{" "}
        {format.count(Math.ceil(found.elapsed_ms))} ms
        {screen.length < matched && ` · the first ${screen.length} are shown`}
      </p>
      {missing.map((one) => (
        <p key={one.line} className="warn">
          {one.line} is not known of {format.count(one.instruments)}, which have {format.count(one.fewest_bars)} to{" "}
          {format.count(one.most_bars)} bars; those are no matches.
        </p>
      ))}
      {quiet + absent > 0 && (
        <p className="hint">
          Left out: {format.count(quiet)} without a bar for 30 days, {format.count(absent)} without any.
        </p>
      )}
    </div>
  );
}
