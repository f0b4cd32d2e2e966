/** What a run has come to: its spec in a line, seven figures, how far it is. */
import { memo, type ReactNode, useMemo, useState } from "react";
import type { Completed, LookAhead } from "../../api/events";
import type { Run } from "../../api/feed";
import { Dialog } from "../../parts/dialog";
import * as format from "../../parts/format";
import { symbolOf } from "../../parts/names";
import { isPooled } from "../../parts/spec";
import { accountOf, doneOf, failuresOf, keptOf, ownOf, totalOf } from "./following";
import { usePaced } from "./pace";
import "./strip.css";

const COUNTED_EVERY_MS = 100;

interface StripProps {
  run: Run;
  title: string;
  /** `crypto · 1h · 2019-01-01 → 2024-01-01 UTC · 10 + 2 bps` */
  line: string;
  reused: boolean;
  phone: boolean;
  cancel: () => void;
  resume: () => void;
  /** Instead of the title on a phone: the folded spec. */
  folded?: ReactNode;
}

export function Strip({ run, title, line, reused, phone, cancel, resume, folded }: StripProps) {
  const counted = usePaced(run, COUNTED_EVERY_MS, run.id);
  return (
    <header className="strip">
      {folded ?? (
        <div className="strip-title">
          <h2>
            <b>{title}</b>
            {line && <span key={line}> · {line}</span>}
          </h2>
          <Ending run={run} reused={reused} cancel={cancel} resume={resume} />
        </div>
      )}
      {folded && (run.state !== "done" || failed(run)) && (
        <div className="strip-title">
          <Ending run={run} reused={reused} cancel={cancel} resume={resume} />
        </div>
      )}
      <Figures run={counted} phone={phone} />
      <Progress run={counted} />
    </header>
  );
}

function failed(run: Run): boolean {
  return run.ended?.event === "completed" && run.ended.failed > 0;
}

/** How the run goes or has ended, and what can be done about it. */
export function Ending({ run, reused, cancel, resume }: Pick<StripProps, "run" | "reused" | "cancel" | "resume">) {
  const total = totalOf(run);
  const kept = format.count(keptOf(run));
  const queued = run.state === "running" ? (run.progress?.queued ?? 0) : 0;
  return (
    <div className="ending">
      {queued > 0 && <span className="hint">Waiting, place {queued} in the queue.</span>}
      {reused && run.state === "done" && (
        <span className="chip" title="An equal run was kept: same settings, strategy, engine and data.">
          reused
        </span>
      )}
      <Failures key={run.id} run={run} />
      {run.state === "cancelled" && (
        <span className="said">
          Cancelled at {kept} of {format.count(total)}. The {kept} are kept.
        </span>
      )}
      {run.state === "failed" && run.ended && "text" in run.ended && (
        <span className="said loss" title={run.ended.text}>
          {run.ended.text}
        </span>
      )}
      {run.ended && run.state !== "done" && run.state !== "running" && (
        <button type="button" className="button small" onClick={resume}>
          Resume
        </button>
      )}
      {run.state === "running" && (
        <button type="button" className="button small" onClick={cancel}>
          Cancel <span className="dim">Esc</span>
        </button>
      )}
    </div>
  );
}

/** `2 failed`, and which they are, why, and what to do. */
function Failures({ run }: { run: Run }) {
  const [shown, show] = useState(false);
  const paced = usePaced(run, 4 * COUNTED_EVERY_MS, run.id);
  const found = useMemo(() => failuresOf(paced), [paced]);
  if (found.length === 0) return null;
  return (
    <>
      <button type="button" className="chip loss" onClick={() => show(true)}>
        {format.count(found.length)} failed
      </button>
      {shown && (
        <Dialog title={`${format.count(found.length)} failed`} close={() => show(false)}>
          <table className="list failures">
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                <th scope="col">What is wrong, and what to do</th>
              </tr>
            </thead>
            <tbody>
              {found.map((one) => (
                <tr key={one.id} data-failed={symbolOf(one.instrument ?? "")} data-code={one.code}>
                  <td>{symbolOf(one.instrument ?? "")}</td>
                  <td>
                    {one.text}
                    {/(tapehead|: [a-z]+ )/.test(one.text) ? "" : " Look at its bars: "}
                    {/(tapehead|: [a-z]+ )/.test(one.text) ? null : (
                      <a href={`/market/${encodeURIComponent(one.instrument)}`}>{symbolOf(one.instrument ?? "")}</a>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Dialog>
      )}
    </>
  );
}

const Figures = memo(function Figures({ run, phone }: { run: Run; phone: boolean }) {
  const pooled = isPooled(run.started?.spec);
  const { middle, over, results } = useMemo(() => {
    const results = ownOf(run);
    const returns = results.map((one) => one.metrics.total_return ?? null).filter((one) => one !== null);
    // The shares of an account have no median that anybody had.
    const middle = pooled ? (accountOf(run)?.metrics.total_return ?? null) : format.median(returns);
    return { middle, over: returns.filter((one) => one > 0).length, results };
  }, [run, pooled]);
  const done = run.ended?.event === "completed" ? run.ended : undefined;
  const first = done ? done.first_ms : run.results[0]?.t_ms;
  const rate = rateOf(run, done);
  // The account is a row, and no instrument.
  const total = totalOf(run) - Number(pooled);
  const left = done ? 0 : run.state === "running" ? run.progress?.eta_ms : undefined;
  const tone = middle === null || middle === 0 ? "" : middle > 0 ? "gain" : "loss";
  const profitable = phone ? String(over) : `${over} of ${results.length}`;
  return (
    <dl className="figures" data-figures>
      <Figure name="done" label="Done" wide={phone ? 92 : 104}>
        {total ? `${format.count(Math.min(doneOf(run), total))} / ${format.count(total)}` : "–"}
      </Figure>
      {!phone && (
        <>
          <Figure name="rate" label="Bars a second" wide={92} raw={rate}>
            {rate ? format.count(rate) : "–"}
          </Figure>
          <Figure name="first" label="First result" wide={80} raw={first}>
            {first === undefined ? "–" : format.duration(first)}
          </Figure>
          <Figure name="left" label="Left" wide={72} raw={left}>
            {left === undefined ? "–" : format.duration(left)}
          </Figure>
        </>
      )}
      <Figure
        name="median"
        label={pooled ? "Account" : phone ? "Median" : "Median return"}
        wide={phone ? 80 : 100}
        raw={middle}
        tone={tone}
      >
        {middle === null ? "–" : `${format.percent(middle)} %`}
      </Figure>
      <Figure name="profitable" label="Profitable" wide={phone ? 60 : 92} raw={over}>
        {results.length ? profitable : "–"}
      </Figure>
      <Figure name="look-ahead" label="Look-ahead" wide={phone ? 80 : 96}>
        <Verdict key={run.id} run={run} told={done?.look_ahead} />
      </Figure>
    </dl>
  );
});

export function rateOf(run: Run, done: Completed | undefined): number | undefined {
  if (done && done.last_ms > 0) return (done.bars / done.last_ms) * 1e3;
  return run.progress?.bars_per_s;
}

interface FigureProps {
  name: string;
  label: string;
  wide: number;
  raw?: number | null | undefined;
  tone?: string;
  children: ReactNode;
}

export function Figure({ name, label, wide, raw, tone = "", children }: FigureProps) {
  return (
    <div style={{ width: wide }}>
      <dt className="label">{label}</dt>
      <dd className={tone} data-figure={name} data-value={raw ?? undefined}>
        {children}
      </dd>
    </div>
  );
}

export function Verdict({ run, told }: { run: Run; told: LookAhead | null | undefined }) {
  const [shown, show] = useState(false);
  if (told === undefined) {
    const testing = run.state === "running" ? run.progress?.look_ahead : undefined;
    return testing ? `${testing.done} of ${testing.total}` : "–";
  }
  if (told === null || (!told.found && told.cuts === 0)) return <span title={told?.text}>not tested</span>;
  if (!told.found) {
    const bars = `${format.count(told.bars)} bars on ${format.several(told.instruments, "instrument")}`;
    return (
      <span className="gain" title={`${told.cuts} times the later bars were others: ${bars} gave the same signals.`}>
        ✓ none
      </span>
    );
  }
  return (
    <>
      <button type="button" className="loss" onClick={() => show(true)}>
        {told.changed === undefined ? "✕ found" : `✕ at ${format.several(told.changed, "bar")}`}
      </button>
      {shown && (
        <Dialog title="It knows later bars" close={() => show(false)}>
          <dl className="finding" data-finding>
            <dt>Instrument</dt>
            <dd>{told.instrument ? symbolOf(told.instrument) : "–"}</dd>
            <dt>Bar</dt>
            <dd>{told.bar ? format.time(told.bar) : "–"}</dd>
            <dt>What changed</dt>
            <dd>
              {told.signal} changed when the bars from {told.cut ? format.time(told.cut) : "later"} on were others.
            </dd>
          </dl>
          <p>{told.text}</p>
        </Dialog>
      )}
    </>
  );
}

export const Progress = memo(function Progress({ run }: { run: Run }) {
  const total = totalOf(run);
  const share = total ? doneOf(run) / total : 0;
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={run.cells > 0 ? "Cells done" : "Instruments done"}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={doneOf(run)}
    >
      <div style={{ transform: `scaleX(${share})` }} />
    </div>
  );
});
