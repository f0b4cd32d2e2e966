/** The best robust set and the best one side by side, and what luck leaves of them. */
import * as format from "../../parts/format";
import { type Metric, metricOf } from "../../parts/metrics";
import type { Surface } from "./asked";
import { valueText } from "./plane";

type Set = NonNullable<Surface["best"]>;

const ROBUST = "The set with the greatest median of it and its neighbours: those one step away on every axis.";
const BEST = "The set with the greatest median over the instruments. One step aside it may be nothing.";
const DEFLATED =
  "Deflated Sharpe ratio (Bailey and López de Prado, 2014): how probable it is that the true Sharpe ratio is above what " +
  "luck alone finds as the best of all trials. Near 1 is good, 0.5 is a coin. Median over the instruments.";
const TRIALS =
  "Every set that was ever scored on these instruments in this store, each once, over all runs; at the median instrument. " +
  "Trials that are alike are worth fewer.";
const PBO =
  "Probability of backtest overfitting (CSCV over 16 blocks of time): of all ways to halve the time, in how many the best " +
  "set of one half is below the middle of all sets in the other.";

interface BestProps {
  surface: Surface;
  /** By which the sweep judges its sets at the end. */
  objective: string;
  /** Percent of the weighing that is done; undefined where none goes on. */
  judged: number | undefined;
  show: (point: number) => void;
}

export function Best({ surface, objective, judged, show }: BestProps) {
  const { best_robust: robust, best } = surface;
  const metric = metricOf(surface.metric);
  const both = [robust, best] as const;
  // Known before the first result: rows that came one after the other would push each other around.
  const names = new Set(surface.parts.flatMap(({ axes }) => axes.map((axis) => axis.name)));
  const plateau = robust
    ? `${format.several(surface.plateau.length, "set")} of ${format.count(surface.sets)} on the plateau of the best robust one.`
    : nothing(surface);
  return (
    <section>
      <table className="both" aria-label="Best robust set and best set">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">What</span>
            </th>
            <th scope="col" title={ROBUST}>
              <button type="button" disabled={!robust} onClick={() => robust && show(robust.point)}>
                ● Best robust
              </button>
            </th>
            <th scope="col" title={BEST}>
              <button type="button" disabled={!best} onClick={() => best && show(best.point)}>
                ◆ Best
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...(surface.parts.length > 1 ? ["strategy"] : []), ...names].map((name) => (
            <tr key={`set ${name}`}>
              <th scope="row">{name}</th>
              {both.map((one, place) => (
                <td key={place} data-best={SIDES[place]} data-parameter={name}>
                  <Said text={one?.parameters[name] === undefined ? "–" : valueText(one.parameters[name])} />
                </td>
              ))}
            </tr>
          ))}
          {linesOf(metric, surface, objective).map((line) => (
            <tr key={line.name} className={line.name === "sharpe_deflated" ? "luck" : undefined}>
              <th scope="row" title={line.means}>
                {line.label}
              </th>
              {both.map((one, place) => {
                const value = one?.[line.name] ?? null;
                const tone = !line.signed || !value ? "" : value > 0 ? "gain" : "loss";
                return (
                  <td
                    key={place}
                    className={tone}
                    data-best={SIDES[place]}
                    data-metric={line.name}
                    data-value={value ?? undefined}
                    title={one ? line.told(one, value) : undefined}
                  >
                    <Said text={value === null ? "–" : line.write(value)} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="pbo" title={PBO}>
        <span className="dim">Overfitting, PBO</span>
        <b data-metric="pbo" data-value={surface.pbo ?? undefined}>
          <Said text={surface.pbo === null ? "–" : `${format.share(surface.pbo)} %`} />
        </b>
        <span className="hint">
          <Said text={luckLine(surface, judged)} />
        </span>
      </p>
      <p className="hint plateau" data-plateau={surface.plateau.length}>
        <Said text={plateau} />
      </p>
    </section>
  );
}

/** Keyed by what it says: a text that changes is another one, and nothing has moved. */
function Said({ text }: { text: string }) {
  return <span key={text}>{text}</span>;
}

const SIDES = ["robust", "best"];

interface Line {
  name: "median" | "lower" | "upper" | "above_zero" | "neighbourhood" | "sharpe_deflated" | "trials";
  label: string;
  means: string;
  signed: boolean;
  write: (value: number) => string;
  told: (one: Set, value: number | null) => string;
}

function linesOf(metric: Metric, surface: Surface, objective: string): Line[] {
  const raw = (_: Set, value: number | null) => (value === null ? "No instrument has it." : String(value));
  const of = (name: Line["name"], label: string, means: string): Line => ({
    ...{ name, label, means, told: raw },
    ...{ signed: metric.signed ?? false, write: metric.write },
  });
  const unjudged =
    surface.metric === objective
      ? "Told when the sweep is done."
      : `Sets are held against luck by the objective, ${metricOf(objective).label}.`;
  return [
    of("median", `Median ${metric.short}`, `Median over the instruments. ${metric.means}`),
    of("lower", "Lower quartile", "A quarter of the instruments is below it."),
    of("upper", "Upper quartile", "A quarter of the instruments is above it."),
    {
      ...of("above_zero", "Gained %", "Share of instruments with a total return above 0."),
      signed: false,
      write: format.share,
    },
    of("neighbourhood", "With neighbours", "Median over the set and its neighbours on the grid."),
    {
      ...of("sharpe_deflated", "Deflated Sharpe", DEFLATED),
      signed: false,
      write: probability,
      told: (one, value) => (value === null ? one.why || unjudged : `${value}. ${DEFLATED}`),
    },
    {
      ...of("trials", "Trials counted", TRIALS),
      signed: false,
      write: format.count,
      told: (one, value) =>
        value === null
          ? one.why || unjudged
          : `Worth ${format.ratio(one.trials_effective ?? value, false)} apart. ${TRIALS}`,
    },
  ];
}

/** `0.53`, `< 0.01`: of a small one that it is one is all that matters. */
function probability(value: number): string {
  return value > 0 && value < 0.005 ? "< 0.01" : format.ratio(value, false);
}

function luckLine(surface: Surface, judged: number | undefined): string {
  if (judged !== undefined) return `Weighing against luck, ${format.count(judged)} %.`;
  if (!surface.overfitting) return "";
  return surface.overfitting.why || `of ${format.count(surface.overfitting.splits)} ways to halve the time`;
}

function nothing({ count, state }: Surface): string {
  if (count > 0) return "Of this metric less is better, or no set has it: none is the best.";
  return state === "running" ? "They stand here as soon as the first results are there." : "No set has a result.";
}
