/** The two axes of a sweep that are drawn, and which point of the product stands in which cell. */
import type { Surface } from "./asked";

export type Part = Surface["parts"][number];
export type Axis = Part["axes"][number];

/** Which strategy's sets are drawn, over which of its axes, and where the other axes stand. */
export interface Plane {
  part: Part;
  /** Places in `part.axes`; -1 where there is no such axis. */
  across: number;
  down: number;
  /** A place on every axis. */
  at: readonly number[];
  /** The places that are drawn of the axis down and of the one across. */
  rows: readonly number[];
  columns: readonly number[];
}

/** Where a point of the product stands on the axes of its strategy; the last axis goes fastest. */
export function placesOf(part: Part, point: number): number[] {
  let left = point - part.first;
  const found: number[] = [];
  for (let k = part.axes.length - 1; k >= 0; k--) {
    const many = part.axes[k]?.values.length ?? 1;
    found.unshift(left % many);
    left = Math.floor(left / many);
  }
  return found;
}

export function pointAt(part: Part, places: readonly number[]): number {
  let point = 0;
  part.axes.forEach((axis, k) => {
    point = point * axis.values.length + (places[k] ?? 0);
  });
  return part.first + point;
}

export function partOf(parts: readonly Part[], point: number): Part | undefined {
  return parts.find(({ first, size }) => point >= first && point < first + size);
}

/** The point of a cell. */
export function pointIn({ part, across, down, at, rows, columns }: Plane, row: number, column: number): number {
  const [x, y] = [columns[column] ?? 0, rows[row] ?? 0];
  const places = part.axes.map((_, k) => (k === across ? x : k === down ? y : (at[k] ?? 0)));
  return pointAt(part, places);
}

/** The cell of a point; undefined where it lies on another plane. */
export function cellOf(
  { part, across, down, at, rows, columns }: Plane,
  point: number,
): { row: number; column: number } | undefined {
  if (point < part.first || point >= part.first + part.size) return undefined;
  const places = placesOf(part, point);
  if (places.some((place, k) => k !== across && k !== down && place !== (at[k] ?? 0))) return undefined;
  const row = down < 0 ? 0 : rows.indexOf(places[down] ?? 0);
  const column = across < 0 ? 0 : columns.indexOf(places[across] ?? 0);
  return row < 0 || column < 0 ? undefined : { row, column };
}

/** With fewer than one set on so many points, those values of an axis are drawn that a set has. */
const SPARSE = 8;

/** The places of an axis that are drawn; one where there is no axis. */
export function placesDrawn(part: Part, axis: number, { cells, points, sets, size }: Drawn): number[] {
  const many = part.axes[axis]?.values.length ?? 1;
  if (axis < 0 || sets * SPARSE > size) return Array.from({ length: many }, (_, place) => place);
  const found = new Set<number>();
  cells.forEach((value, place) => {
    const point = points === null ? place : (points[place] ?? -1);
    if (value === null || partOf([part], point) === undefined) return;
    found.add(placesOf(part, point)[axis] ?? 0);
  });
  return found.size ? [...found].sort((a, b) => a - b) : [0];
}

type Drawn = Pick<Surface, "cells" | "points" | "sets" | "size">;

/** What a surface says of points: they stand in product order, or are those listed. */
export function readerOf({ cells, points }: Pick<Surface, "cells" | "points">): (point: number) => number | null {
  if (points === null) return (point) => cells[point] ?? null;
  const where = new Map(points.map((point, place) => [point, place]));
  return (point) => cells[where.get(point) ?? -1] ?? null;
}

/** The two axes that move the value most, the longer one across; of equal ones the first of the grid. */
export function strongest(part: Part, { cells, points }: Pick<Surface, "cells" | "points">): [number, number] {
  const moving = part.axes.map((_, k) => k).filter((k) => (part.axes[k]?.values.length ?? 0) > 1);
  if (moving.length < 3) return laidOut(part, moving);
  const sums = part.axes.map((axis) => new Float64Array(axis.values.length));
  const counts = part.axes.map((axis) => new Float64Array(axis.values.length));
  cells.forEach((value, place) => {
    const point = points === null ? place : (points[place] ?? -1);
    if (value === null || point < part.first || point >= part.first + part.size) return;
    placesOf(part, point).forEach((at, k) => {
      const [sum, count] = [sums[k], counts[k]];
      if (sum) sum[at] = (sum[at] ?? 0) + value;
      if (count) count[at] = (count[at] ?? 0) + 1;
    });
  });
  const effect = sums.map((sum, k) => {
    const means = [...sum].map((one, at) => one / (counts[k]?.[at] ?? 0)).filter(Number.isFinite);
    return means.length ? Math.max(...means) - Math.min(...means) : 0;
  });
  return laidOut(part, moving.sort((a, b) => (effect[b] ?? 0) - (effect[a] ?? 0)).slice(0, 2));
}

/** Across and down of at most two axes; one alone goes across. */
function laidOut(part: Part, axes: readonly number[]): [number, number] {
  if (axes.length === 0) return [part.axes.length ? 0 : -1, -1];
  const size = (k: number) => part.axes[k]?.values.length ?? 0;
  const [short = -1, long = -1] = [...axes].sort((a, b) => size(a) - size(b) || a - b);
  return axes.length === 1 ? [short, -1] : [long, short];
}

/** The 95th of a hundred sizes: what takes the full colour. */
export function fullOf(values: Iterable<number | null>): number {
  const sizes = Float64Array.from([...values].flatMap((one) => (one === null ? [] : [Math.abs(one)]))).sort();
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * 0.95))] ?? 0;
}

/** `5`, `0.25`, `sma`. */
export function valueText(value: number | string): string {
  return typeof value === "number" ? String(Number(value.toPrecision(9))).replace("-", "−") : value;
}
