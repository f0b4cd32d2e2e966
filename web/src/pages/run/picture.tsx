/** The whole market in two pictures that narrow the table, what was warned of, and what proves the run. */
import { memo, useMemo } from "react";
import type { Result } from "../../api/events";
import type { Run } from "../../api/feed";
import { Histogram } from "../../charts/histogram";
import { type Range, Scatter } from "../../charts/scatter";
import * as format from "../../parts/format";
import { useHeld } from "../../parts/held";
import { symbolOf } from "../../parts/names";
import { isPooled } from "../../parts/spec";
import { Account } from "./account";
import { accountOf, failuresOf, ownOf } from "./following";
import type { Brush } from "./order";
import { chosen, pointed, wanted } from "./shown";
import "./picture.css";

const MOST_WARNINGS = 50;

interface PictureProps {
  run: Run;
  width: number;
  engine: string;
  snapshot: number | undefined;
}

/** `run` is paced by whoever shows it. */
export const Picture = memo(function Picture({ run, width, engine, snapshot }: PictureProps) {
  const results = useMemo(() => ownOf(run), [run]);
  const pooled = isPooled(run.started?.spec);
  const marked = useHeld(pointed);
  const values = useMemo(
    () => results.map((one) => one.metrics.total_return ?? null).filter((one) => one !== null),
    [results],
  );
  const points = useMemo(() => pointsOf(results), [results]);
  const there = useMemo(
    () => (marked === undefined ? undefined : results.find((one) => one.instrument === marked)),
    [marked, results],
  );
  return (
    <>
      <section>
        <h2 className="group">{pooled ? "What each instrument brought, %" : "Return over instruments, %"}</h2>
        <Histogram
          values={values}
          marked={there?.metrics.total_return ?? undefined}
          brush={brushReturns}
          width={width}
        />
      </section>
      {pooled ? (
        <Account run={run} account={accountOf(run)} />
      ) : (
        <section>
          <h2 className="group">Return against drawdown</h2>
          <Scatter
            points={points}
            label={`Return against drawdown of ${format.several(points.length, "instrument")}; the table holds the numbers`}
            marked={marked}
            point={pointed.set}
            choose={chosen.set}
            brush={brushBoth}
            width={width}
          />
        </section>
      )}
      <Warnings run={run} />
      <Receipt run={run} engine={engine} snapshot={snapshot} />
    </>
  );
});

function setBrushes(brushes: readonly Brush[]): void {
  wanted.set({ ...wanted.get(), brushes });
}

const brushReturns = (low: number, high: number) => setBrushes([{ metric: "total_return", low, high }]);
const brushBoth = (x: Range, y: Range) =>
  setBrushes([
    { metric: "max_drawdown", ...x },
    { metric: "total_return", ...y },
  ]);

function pointsOf(results: readonly Result[]) {
  const found = [];
  for (const { instrument, metrics } of results) {
    const [x, y] = [metrics.max_drawdown ?? null, metrics.total_return ?? null];
    if (x !== null && y !== null) found.push({ name: instrument, x, y });
  }
  return found;
}

/** Warnings by what they say; pressed, the table shows whom they are about. */
function Warnings({ run }: { run: Run }) {
  const groups = useMemo(() => {
    const failed = new Set(failuresOf(run));
    const found = new Map<string, string[]>();
    for (const one of run.warnings) {
      if (failed.has(one)) continue;
      const known = found.get(one.text);
      if (known) known.push(one.instrument ?? "");
      else found.set(one.text, [one.instrument ?? ""]);
    }
    return [...found];
  }, [run]);
  return (
    <section className="warned">
      <h2 className="group">Warnings</h2>
      {groups.length === 0 && <p className="hint">none</p>}
      <ul className="warnings">
        {groups.slice(0, MOST_WARNINGS).map(([text, instruments]) => (
          <li key={text}>
            <span className="warn" aria-hidden="true">
              ⚑
            </span>{" "}
            {instruments[0] !== "" && (
              <button type="button" onClick={() => wanted.set({ ...wanted.get(), only: new Set(instruments) })}>
                {instruments.length === 1
                  ? symbolOf(instruments[0] ?? "")
                  : format.several(instruments.length, "instrument")}
              </button>
            )}{" "}
            <span className={instruments[0] === "" ? "dim" : "dim below"}>{text}</span>
          </li>
        ))}
      </ul>
      {groups.length > MOST_WARNINGS && <p className="hint">and {groups.length - MOST_WARNINGS} more kinds</p>}
    </section>
  );
}

function Receipt({ run, engine, snapshot }: { run: Run; engine: string; snapshot: number | undefined }) {
  const digest = run.ended?.event === "completed" ? run.ended.digest : "";
  const lines = [
    ["run", run.id],
    ["snapshot", String(snapshot ?? run.started?.snapshot ?? "")],
    ["engine", engine],
    ["digest", digest],
  ] as [string, string][];
  const text = lines.map(([name, value]) => `${name} ${value}`).join("\n");
  return (
    <section data-receipt>
      <h2 className="group">
        Receipt{" "}
        <button type="button" className="link" onClick={() => void navigator.clipboard?.writeText(text)}>
          Copy
        </button>
      </h2>
      <dl className="receipt">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>{" "}
            <dd className="id" title={value} data-value={value}>
              {value ? format.shortId(value) : "–"}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
