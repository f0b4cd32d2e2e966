/** What stands in each cell of the map of a sweep. */
import type { HeatCell } from "../../charts/heat_map";
import * as format from "../../parts/format";
import { type Metric, metricOf } from "../../parts/metrics";
import type { Statistic, Surface } from "./asked";
import { fullOf, type Plane, placesOf, pointIn, readerOf, valueText } from "./plane";

/** Statistics in the order in which they are offered. */
export const STATISTICS: readonly { name: Statistic; label: string }[] = [
  { name: "median", label: "Median" },
  { name: "quartile_low", label: "Lower quartile" },
  { name: "quartile_high", label: "Upper quartile" },
  { name: "above_zero", label: "Share above 0, %" },
  { name: "neighbourhood", label: "Median with neighbours" },
  { name: "instruments", label: "Instruments that have it" },
];

export function statisticLabel(name: Statistic): string {
  return STATISTICS.find((one) => one.name === name)?.label ?? name;
}

/** How a statistic of a metric is written. */
export function writerOf(metric: Metric, statistic: Statistic): (value: number) => string {
  if (statistic === "above_zero") return format.share;
  return statistic === "instruments" || statistic === "scored" ? format.count : metric.write;
}

type Toned = Pick<HeatCell, "tone" | "heat">;

/** Colour is for signs: what has none is grey, from the least to the greatest. */
function tonesOf({ cells, statistic }: Surface, metric: Metric): (value: number) => Toned {
  if (statistic === "above_zero") return (value) => ({ tone: "gain", heat: value });
  const counted = statistic === "instruments" || statistic === "scored";
  if ((metric.signed || metric.name === "max_drawdown") && !counted) {
    const full = fullOf(cells);
    return (value) => ({ tone: value < 0 ? "loss" : "gain", heat: full > 0 ? Math.min(Math.abs(value) / full, 1) : 0 });
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of cells) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return (value) => ({ tone: "plain", heat: high > low ? (value - low) / (high - low) : 0.5 });
}

const NOWHERE: Omit<HeatCell, "point" | "said"> = {
  ...{ kind: "hole", value: null, tone: "plain", heat: 0, text: "", mark: "", plateau: false },
};

/** `scored` says on how many instruments each set was tried: null where there is no set, 0 where nothing is done yet. */
export function cellReader(
  surface: Surface,
  scored: Surface | undefined,
  plane: Plane,
  instruments: number,
): (row: number, column: number) => HeatCell {
  const metric = metricOf(surface.metric);
  const write = writerOf(metric, surface.statistic as Statistic);
  const unit = metric.unit && metric.write === format.percent ? ` ${metric.unit}` : "";
  const [read, tried] = [readerOf(surface), scored ? readerOf(scored) : () => null];
  const tone = tonesOf(surface, metric);
  const plateau = new Set(surface.plateau);
  const what = `${statisticLabel(surface.statistic as Statistic)} of ${metric.label}`;
  const { best, best_robust: robust } = surface;
  const known = new Map<number, HeatCell>();
  const made = (point: number): HeatCell => {
    const [value, count] = [read(point), tried(point)];
    const places = placesOf(plane.part, point);
    const name = plane.part.axes.map((axis, k) => `${axis.name} ${valueText(axis.values[places[k] ?? 0] ?? "")}`);
    const set = name.join(", ");
    if (count === null && value === null) return { ...NOWHERE, point, said: `${set}: no set` };
    const mark = point === best?.point ? (point === robust?.point ? "◆●" : "◆") : point === robust?.point ? "●" : "";
    const marked = { mark, plateau: plateau.has(point) } as const;
    if (value === null) {
      const waits = count === 0;
      const why = waits ? "no result yet" : `no ${metric.label}`;
      return {
        ...NOWHERE,
        ...marked,
        kind: waits ? "waiting" : "undefined",
        text: waits ? "" : "–",
        point,
        said: `${set}: ${why}`,
      };
    }
    const names = [mark.includes("◆") ? "best" : "", mark.includes("●") ? "best robust" : ""]
      .filter(Boolean)
      .join(" and ");
    const on = count === null ? "" : ` on ${format.count(count)} of ${format.several(instruments, "instrument")}`;
    return {
      ...{ point, kind: "value", value, text: write(value), ...tone(value), ...marked },
      said: `${set}: ${what} ${write(value)}${unit}${on}${names && `, ${names}`}${marked.plateau ? ", on the plateau" : ""}`,
    };
  };
  const [rows, columns] = [plane.rows.length, plane.columns.length];
  return (row, column) => {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return { ...NOWHERE, point: -1, said: "" };
    const point = pointIn(plane, row, column);
    let found = known.get(point);
    if (!found) {
      found = made(point);
      known.set(point, found);
    }
    return found;
  };
}
