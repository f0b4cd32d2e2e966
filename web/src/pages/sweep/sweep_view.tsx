/** A sweep that is shown: how far it is, the map of its sets, the best of them, one set over the instruments. */
import { type ReactNode, useMemo, useState } from "react";
import type { Run } from "../../api/feed";
import { HeatMap, type Spot } from "../../charts/heat_map";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { useKeys } from "../../parts/keys";
import type { Width } from "../../parts/layout";
import { metricOf } from "../../parts/metrics";
import { useRun } from "../run/following";
import { usePaced, useSettled } from "../run/pace";
import type { Form } from "../run/spec";
import { type Statistic, type Surface, useSet, useSurface } from "./asked";
import { Best } from "./best";
import { cellReader } from "./cells";
import { MapBar } from "./map_bar";
import { cellOf, partOf, type Plane, placesOf, placesDrawn, pointIn, readerOf, strongest, valueText } from "./plane";
import { SetOverInstruments } from "./set_detail";
import { SweepStrip } from "./sweep_strip";

const RAIL = 288;
const POINTED_MS = 80;
const TOLD_EVERY_MS = 100;

interface SweepViewProps {
  id: string;
  width: Width;
  title: string;
  line: string;
  reused: boolean;
  /** By which the sweep judges its sets. */
  objective: string;
  /** Instruments it is on; 0 while that is not known. */
  instruments: number;
  /** The sweep's own form. */
  form: Form;
  cancel: () => void;
  resume: () => void;
  folded?: ReactNode;
}

const TABS = ["Map", "Best", "Set"] as const;
type Tab = (typeof TABS)[number];

/** Shown afresh for every sweep: its caller keys it by the id. */
export function SweepView(props: SweepViewProps) {
  const { width, objective, instruments, form } = props;
  const run = useRun(props.id);
  const paced = usePaced(run, TOLD_EVERY_MS, run.id);
  const [metric, chooseMetric] = useState("");
  const [statistic, chooseStatistic] = useState<Statistic>("median");
  const { surface, error } = useSurface(run, metric, statistic);
  const { surface: scored } = useSurface(run, metric, "scored");
  const { plane, turn } = usePlane(surface);
  const [chosen, choose] = useState<number | undefined>(undefined);
  const [pointed, point] = useState<number | undefined>(undefined);
  const [tab, setTab] = useState<Tab>("Map");
  const shown = useSettled(pointed, POINTED_MS) ?? chosen ?? surface?.best_robust?.point;
  const tried = useMemo(() => (scored ? readerOf(scored) : () => null), [scored]);
  const count = shown === undefined ? 0 : (tried(shown) ?? 0);
  const found = useSet(run, shown, metric, count);
  const show = (at: number) => {
    choose(at);
    if (!surface) return;
    const part = partOf(surface.parts, at);
    if (part) turn({ part, places: placesOf(part, at) });
  };
  useCellKeys(plane, chosen ?? surface?.best_robust?.point, choose);
  if (run.problem || (error && !surface)) {
    return (
      <section className="middle">
        {props.folded}
        <Fault fault={run.problem ?? error} />
      </section>
    );
  }
  const strip = <SweepStrip {...props} run={paced} surface={surface} phone={width === "phone"} />;
  const best = surface && <Best surface={surface} objective={objective} judged={judgedOf(run)} show={show} />;
  const one = (across: number) =>
    surface && (
      <SetOverInstruments
        found={found}
        name={shown === undefined ? "" : nameOf(surface, shown)}
        tried={count > 0}
        form={form}
        width={across}
      />
    );
  const map = surface && plane && (
    <>
      <MapBar
        {...{ surface, plane, turn, metric: metric || objective, statistic, chooseStatistic }}
        chooseMetric={chooseMetric}
      />
      <Map
        {...{ surface, scored, plane, chosen, instruments }}
        choose={(spot) => choose(pointIn(plane, spot.row, spot.column))}
        point={(spot) => point(spot && pointIn(plane, spot.row, spot.column))}
      />
    </>
  );
  const wide = width === "wide";
  const across = Math.min(innerWidth - 32, 440);
  return (
    <>
      <section className="middle">
        {strip}
        {!wide && (
          <div className="tabs" role="tablist" aria-label="What is shown of the sweep">
            {TABS.map((name) => (
              <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>
                {name}
              </button>
            ))}
          </div>
        )}
        {(wide || tab === "Map") && <div className="map">{map}</div>}
        {!wide && tab !== "Map" && <div className="picture scroll">{tab === "Best" ? best : one(across)}</div>}
      </section>
      {wide && (
        <aside className="picture scroll" aria-label="Best sets, one set over the instruments" tabIndex={0}>
          {best}
          {one(RAIL)}
        </aside>
      )}
    </>
  );
}

function judgedOf(run: Run): number | undefined {
  return run.state === "running" ? run.progress?.judged : undefined;
}

/** `fast 5, slow 20` of a point. */
function nameOf(surface: Surface | undefined, point: number): string {
  const part = surface && partOf(surface.parts, point);
  if (!part) return "";
  const places = placesOf(part, point);
  return part.axes.map((axis, k) => `${axis.name} ${valueText(axis.values[places[k] ?? 0] ?? "")}`).join(", ");
}

/** What is drawn: of the strategy and around the set that is the best robust one, until another is chosen. */
function usePlane(surface: Surface | undefined) {
  const [wanted, turn] = useState<Partial<Plane> & { places?: readonly number[] }>({});
  const plane = useMemo((): Plane | undefined => {
    if (!surface) return undefined;
    const robust = surface.best_robust?.point;
    const own = wanted.part?.strategy;
    const part =
      surface.parts.find((one) => one.strategy === own) ??
      (robust === undefined ? undefined : partOf(surface.parts, robust)) ??
      surface.parts[0];
    if (!part) return undefined;
    const [across, down] = strongest(part, surface);
    const at = wanted.places ?? (robust !== undefined && partOf([part], robust) ? placesOf(part, robust) : []);
    const chosen = { across: wanted.across ?? across, down: wanted.down ?? down };
    const drawn = (axis: number) => placesDrawn(part, axis, surface);
    return { part, ...chosen, at, rows: drawn(chosen.down), columns: drawn(chosen.across) };
  }, [surface, wanted]);
  return { plane, turn: (change: typeof wanted) => turn((was) => ({ ...was, ...change })) };
}

/** Arrow keys move the cell. */
function useCellKeys(plane: Plane | undefined, from: number | undefined, choose: (point: number) => void): void {
  const move = (by: number, beside: number) => {
    if (!plane) return;
    const here = from === undefined ? undefined : cellOf(plane, from);
    const within = (at: number, most: number) => Math.min(Math.max(at, 0), most - 1);
    const row = here ? within(here.row + by, plane.rows.length) : 0;
    const column = here ? within(here.column + beside, plane.columns.length) : 0;
    choose(pointIn(plane, row, column));
  };
  useKeys([
    { press: "ArrowLeft", does: "cell to the left", act: () => move(0, -1) },
    { press: "ArrowRight", does: "cell to the right", act: () => move(0, 1) },
    { press: "ArrowUp", does: "cell above", act: () => move(-1, 0) },
    { press: "ArrowDown", does: "cell below", act: () => move(1, 0) },
  ]);
}

interface MapProps {
  surface: Surface;
  scored: Surface | undefined;
  plane: Plane;
  chosen: number | undefined;
  instruments: number;
  choose: (spot: Spot) => void;
  point: (spot: Spot | undefined) => void;
}

function Map({ surface, scored, plane, chosen, instruments, choose, point }: MapProps) {
  const cell = useMemo(() => cellReader(surface, scored, plane, instruments), [surface, scored, plane, instruments]);
  const axis = (k: number, places: readonly number[]) => {
    const found = plane.part.axes[k];
    return { name: found?.name ?? "", labels: places.map((place) => valueText(found?.values[place] ?? "")) };
  };
  const metric = metricOf(surface.metric);
  return (
    <HeatMap
      label={`${metric.label} of ${format.several(surface.sets, "set")}`}
      across={axis(plane.across, plane.columns)}
      down={axis(plane.down, plane.rows)}
      cell={cell}
      chosen={useMemo(() => (chosen === undefined ? undefined : cellOf(plane, chosen)), [plane, chosen])}
      choose={choose}
      point={point}
    />
  );
}
