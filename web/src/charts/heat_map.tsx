/** Values over two axes as a grid of cells: the ones in view are drawn, one of them is chosen by keys or by pointing. */
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import "./heat_map.css";

export interface HeatAxis {
  name: string;
  labels: readonly string[];
}

/** What stands in a cell; a `hole` is where there is nothing, `waiting` where nothing is known yet. */
export interface HeatCell {
  point: number;
  kind: "hole" | "waiting" | "undefined" | "value";
  value: number | null;
  /** Share of the full colour, and which colour. */
  tone: "gain" | "loss" | "plain";
  heat: number;
  text: string;
  /** `fast 5, slow 20: median Sharpe −2.88, 48 of 48 instruments`. */
  said: string;
  mark: "" | "◆" | "●" | "◆●";
  plateau: boolean;
}

export interface HeatMapProps {
  label: string;
  across: HeatAxis;
  down: HeatAxis;
  /** Another function whenever what stands in the cells has changed. */
  cell: (row: number, column: number) => HeatCell;
  chosen: Spot | undefined;
  choose: (spot: Spot) => void;
  point: (spot: Spot | undefined) => void;
}

export interface Spot {
  row: number;
  column: number;
}

const LEAST = 12;
const MOST = 40;
const PRINTED_FROM = 32;
const HEAD = 24;
const LETTER = 7;
/** px beyond the last cell, for a label that is wider than it. */
const TAIL = 16;
/** px between two labels beside each other. */
const APART = 36;

/** The largest size of cells that lets all of them be in view, within the bounds. */
export function sizeFor(room: { width: number; height: number }, columns: number, rows: number): number {
  const fits = Math.min(Math.floor(room.width / Math.max(columns, 1)), Math.floor(room.height / Math.max(rows, 1)));
  return Math.min(Math.max(fits, LEAST), MOST);
}

interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How the element is scrolled and how large it is. */
function useView() {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ left: 0, top: 0, width: 0, height: 0 });
  const look = useCallback(() => {
    const here = place.current;
    if (!here) return;
    const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = here;
    setView((was) =>
      was.left === left && was.top === top && was.width === width && was.height === height
        ? was
        : { left, top, width, height },
    );
  }, []);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(look);
    if (place.current) watch.observe(place.current);
    look();
    return () => watch.disconnect();
  }, [look]);
  return { place, view, look };
}

/** First and last place in view of so many, with some beyond the edges. */
function inView(from: number, room: number, size: number, count: number): [number, number] {
  const beyond = 4;
  return [Math.max(Math.floor(from / size) - beyond, 0), Math.min(Math.ceil((from + room) / size) + beyond, count) - 1];
}

export function HeatMap({ label, across, down, cell, chosen, choose, point }: HeatMapProps) {
  const { place, view, look } = useView();
  const side = Math.max(LETTER * Math.max(...down.labels.map((one) => one.length), down.name.length) + 16, 40);
  const [columns, rows] = [across.labels.length, down.labels.length];
  const size = sizeFor({ width: view.width - side - TAIL, height: view.height - 2 * HEAD - 1 }, columns, rows);
  const [left, right] = inView(view.left, view.width, size, columns);
  const [top, bottom] = inView(view.top, view.height, size, rows);
  useEffect(() => {
    const here = place.current;
    if (!here || !chosen) return;
    const within = (at: number, from: number, room: number) => Math.min(at, Math.max(from, at + size - room));
    here.scrollLeft = within(chosen.column * size, here.scrollLeft, here.clientWidth - side);
    here.scrollTop = within(chosen.row * size, here.scrollTop, here.clientHeight - 2 * HEAD);
  }, [chosen, size, side, place]);
  const spotOf = (target: EventTarget): Spot | undefined => {
    const found = target instanceof Element ? target.closest<HTMLElement>("[data-at]") : null;
    const [row, column] = found?.dataset.at?.split(" ").map(Number) ?? [];
    return row === undefined || column === undefined ? undefined : { row, column };
  };
  const shown: ReactNode[] = [];
  for (let row = top; view.width > 0 && row <= bottom; row++) {
    shown.push(
      <HeatRow
        key={row}
        row={row}
        label={row % Math.ceil(14 / size) === 0 ? (down.labels[row] ?? "") : ""}
        name={`${down.name} ${down.labels[row]}`}
        cell={cell}
        left={left}
        right={right}
        size={size}
        side={side}
        width={side + columns * size}
        chosen={chosen?.row === row ? chosen.column : -1}
      />,
    );
  }
  return (
    <div
      ref={place}
      className="heat"
      role="grid"
      aria-label={label}
      aria-rowcount={rows + 1}
      aria-colcount={columns + 1}
      aria-activedescendant={chosen ? `heat-${chosen.row}-${chosen.column}` : undefined}
      tabIndex={0}
      onScroll={look}
      onMouseOver={(event) => point(spotOf(event.target))}
      onMouseLeave={() => point(undefined)}
      onClick={(event) => {
        const spot = spotOf(event.target);
        if (spot) choose(spot);
      }}
    >
      <div className="heat-across" aria-hidden="true" style={{ paddingLeft: side }}>
        {across.name} →
      </div>
      <div role="row" aria-rowindex={1} className="heat-head" style={{ width: side + columns * size + TAIL }}>
        <span role="columnheader" aria-colindex={1} className="heat-corner" style={{ width: side }}>
          {down.name} {down.name && "↓"}
        </span>
        {Array.from({ length: right - left + 1 }, (_, k) => left + k).map((column) => (
          <span
            key={column}
            role="columnheader"
            aria-colindex={column + 2}
            aria-label={`${across.name} ${across.labels[column]}`}
            style={{ width: size, marginLeft: column === left ? left * size : undefined }}
          >
            {column % Math.ceil(APART / size) === 0 ? across.labels[column] : ""}
          </span>
        ))}
      </div>
      <div role="presentation" style={{ height: top * size }} />
      {shown}
      <div role="presentation" style={{ height: (rows - 1 - bottom) * size }} />
    </div>
  );
}

interface HeatRowProps {
  row: number;
  label: string;
  name: string;
  cell: (row: number, column: number) => HeatCell;
  left: number;
  right: number;
  size: number;
  side: number;
  width: number;
  /** Column, -1 for none. */
  chosen: number;
}

const HeatRow = memo(function HeatRow(props: HeatRowProps) {
  const { row, label, name, cell, left, right, size, side, width, chosen } = props;
  const cells = Array.from({ length: right - left + 1 }, (_, k) => left + k);
  return (
    <div role="row" aria-rowindex={row + 2} className="heat-row" style={{ height: size, width }}>
      <span role="rowheader" aria-colindex={1} aria-label={name} className="heat-side" style={{ width: side }}>
        {label}
      </span>
      {cells.map((column) => {
        const one = cell(row, column);
        const printed = one.mark && size < 24 ? one.mark.slice(0, 1) : one.mark;
        return (
          <span
            key={column}
            id={`heat-${row}-${column}`}
            role="gridcell"
            aria-colindex={column + 2}
            aria-selected={column === chosen}
            aria-label={one.said}
            className={`heat-cell ${one.kind}`}
            data-at={`${row} ${column}`}
            data-cell={one.kind === "hole" ? undefined : one.point}
            data-value={one.value ?? undefined}
            data-mark={one.mark || undefined}
            data-plateau={one.plateau || undefined}
            title={one.said}
            style={{
              width: size,
              height: size,
              marginLeft: column === left ? left * size : undefined,
              background: one.kind === "value" ? groundOf(one) : undefined,
              boxShadow: one.plateau ? outlineOf(cell, row, column) : undefined,
            }}
          >
            {size >= PRINTED_FROM && one.text}
            {one.mark && (
              <b key={one.mark} className={size >= PRINTED_FROM ? "corner" : ""}>
                {printed}
              </b>
            )}
          </span>
        );
      })}
    </div>
  );
});

function groundOf({ tone, heat }: HeatCell): string {
  const ink = tone === "plain" ? "--text3" : `--${tone}`;
  return `color-mix(in oklab, var(${ink}) calc(var(--heat-most) * ${heat.toFixed(3)}), var(--raised))`;
}

/** Lines where the plateau ends. */
function outlineOf(cell: HeatMapProps["cell"], row: number, column: number): string {
  const sides: [number, number, string][] = [
    [0, -1, "2px 0"],
    [0, 1, "-2px 0"],
    [-1, 0, "0 2px"],
    [1, 0, "0 -2px"],
  ];
  return sides
    .filter(([by, beside]) => !cell(row + by, column + beside).plateau)
    .map(([, , offset]) => `inset ${offset} var(--text)`)
    .join(", ");
}
