/** What a sweep has come to: its spec in a line, figures, how far it is. */
import type { ReactNode } from "react";
import type { Run } from "../../api/feed";
import * as format from "../../parts/format";
import { metricOf } from "../../parts/metrics";
import { doneOf, totalOf } from "../run/following";
import { Ending, Figure, Progress, rateOf, Verdict } from "../run/strip";
import "../run/strip.css";
import type { Surface } from "./asked";

interface SweepStripProps {
  run: Run;
  surface: Surface | undefined;
  title: string;
  /** `demo · 1h · 2019-01-01 → 2024-01-01 UTC · 10 + 2 bps` */
  line: string;
  reused: boolean;
  instruments: number;
  phone: boolean;
  cancel: () => void;
  resume: () => void;
  folded?: ReactNode;
}

export function SweepStrip({ run, surface, title, line, instruments, phone, folded, ...ending }: SweepStripProps) {
  const done = run.ended?.event === "completed" ? run.ended : undefined;
  const left = done ? 0 : run.state === "running" ? run.progress?.eta_ms : undefined;
  const rate = rateOf(run, done);
  const total = totalOf(run);
  const metric = metricOf(surface?.metric ?? "sharpe");
  const best = surface?.best_robust?.median ?? null;
  const tone = !metric.signed || !best ? "" : best > 0 ? "gain" : "loss";
  return (
    <header className="strip">
      {folded}
      {/* On a phone too, where it is often empty: what is below would move. */}
      <div className="strip-title">
        {!folded && (
          <h2>
            <b>{title}</b>
            {line && <span key={line}> · {line}</span>}
          </h2>
        )}
        <Ending run={run} {...ending} />
      </div>
      <dl className="figures" data-figures>
        <Figure name="done" label="Cells done" wide={phone ? 124 : 140} raw={doneOf(run)}>
          {total ? `${format.count(doneOf(run))} / ${format.count(total)}` : "–"}
        </Figure>
        {!phone && (
          <>
            <Figure name="sets" label="Sets × instruments" wide={116} raw={surface?.sets}>
              {surface ? `${format.count(surface.sets)} × ${format.count(instruments)}` : "–"}
            </Figure>
            <Figure name="rate" label="Bars a second" wide={84} raw={rate}>
              {rate ? format.count(rate) : "–"}
            </Figure>
          </>
        )}
        <Figure name="left" label="Left" wide={phone ? 56 : 64} raw={left}>
          {left === undefined ? "–" : format.duration(left)}
        </Figure>
        <Figure
          name="robust"
          label={phone ? "Best robust" : `Best robust, ${metric.short}`}
          wide={phone ? 76 : 120}
          raw={best}
          tone={tone}
        >
          {best === null ? "–" : metric.write(best)}
        </Figure>
        {!phone && (
          <Figure name="pbo" label="Overfitting" wide={72} raw={surface?.pbo}>
            {surface?.pbo === null || surface?.pbo === undefined ? "–" : `${format.share(surface.pbo)} %`}
          </Figure>
        )}
        <Figure name="look-ahead" label="Look-ahead" wide={phone ? 64 : 88}>
          <Verdict key={run.id} run={run} told={done?.look_ahead} />
        </Figure>
      </dl>
      <Progress run={run} />
    </header>
  );
}
