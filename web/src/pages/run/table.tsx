/** The results as they come: a table of which only the rows in sight are drawn. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type PointerEvent, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { Result } from "../../api/events";
import type { Run } from "../../api/feed";
import { useHeld } from "../../parts/held";
import { useKeys } from "../../parts/keys";
import { metricOf } from "../../parts/metrics";
import { Columns } from "./columns";
import { useFitting } from "./fitting";
import { doneOf, totalOf, useMarks } from "./following";
import { asTable, EVERYTHING, turned } from "./order";
import { usePaced } from "./pace";
import { fadeIn, markSeen, pathOf, Row } from "./row";
import { chosen, columns, pointed, sort, useArranged, useScale, useTwice, wanted, widthOf } from "./shown";
import "./table.css";

const SORT_EVERY_MS = 250;
const HEAD = 28;
/** More than a screen of rows at once are no news but a run that is opened. */
const MOST_FADING = 24;
const PHONE_COLUMNS = [
  { by: "symbol", text: "Symbol", width: 124 },
  { by: "total_return", text: "Return %", width: 76 },
  { by: "max_drawdown", text: "DD %", width: 68 },
] as const;

interface TableProps {
  run: Run;
  phone: boolean;
  /** By how many periods a year is reckoned, in words. */
  year: string;
  filter: () => void;
}

export function Table({ run, phone, year, filter }: TableProps) {
  const [, go] = useLocation();
  const scroller = useRef<HTMLDivElement>(null);
  const [under, setUnder] = useState<string | undefined>(undefined);
  const [choosing, choose] = useState(false);
  const by = useHeld(sort);
  const narrowed = useHeld(wanted) !== EVERYTHING;
  const names = useFitting(useHeld(columns), scroller);
  const reached = useHeld(chosen);
  const marked = useHeld(pointed);
  const paced = usePaced(run.results, SORT_EVERY_MS, run.id);
  const shown = by ? paced : run.results;
  const rows = useArranged(shown, under);
  const scale = useScale(paced);
  const twice = useTwice(paced);
  const flags = useFlags(usePaced(run.warnings, SORT_EVERY_MS, run.id));
  const height = phone ? 48 : 28;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    useFlushSync: false,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  // Another run begins at its top.
  useLayoutEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [run.id]);
  const inSight = (top: number) => top < (virtual.scrollOffset ?? 0) + (virtual.scrollRect?.height ?? 0);
  useFading(run, !by && !narrowed, scroller, height, inSight);
  const whole = run.state === "done" || (totalOf(run) > 0 && doneOf(run) === totalOf(run));
  useMarks(run.id, rows.length, whole && shown === run.results);
  const column = useColumnAtHand();
  const open = (result: Result | undefined) => result && go(pathOf(run.id, result, twice));
  useRowKeys(rows, open, (place) => virtual.scrollToIndex(place));
  useKeys([
    { press: "s", does: "sort by this column", act: () => sort.set(turned(sort.get(), column.at.current)) },
    { press: "f", does: "filter the rows", act: filter },
    { press: "c", does: "columns", act: () => choose(true) },
  ]);
  useCopying(rows, names);
  const across = phone ? PHONE_COLUMNS.length + 1 : names.length + 4;
  const seen = virtual.getVirtualItems();
  const above = (seen[0]?.start ?? HEAD) - HEAD;
  // What is scrolled does not grow with each row that comes: the end of the last one is there from the start, and below
  // those in sight nothing stands that would have to be laid out anew.
  const most = narrowed || run.state !== "running" ? rows.length : Math.max(totalOf(run), rows.length);
  return (
    <div
      className="results scroll"
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label="Results"
      onPointerOver={column.note}
    >
      <table aria-rowcount={rows.length + 1} className={phone ? "on-phone" : ""}>
        <caption className="unseen">Results by instrument</caption>
        {phone ? <PhoneHead /> : <WideHead names={names} />}
        <tbody
          onPointerOver={(event) => {
            const found = instrumentOf(event);
            setUnder(found);
            pointed.set(found);
          }}
          onPointerLeave={() => {
            setUnder(undefined);
            pointed.set(undefined);
          }}
          onClick={(event) => {
            if (event.defaultPrevented || !getSelection()?.isCollapsed) return;
            const found = instrumentOf(event);
            chosen.set(found);
            open(rows.find((one) => one.instrument === found));
          }}
        >
          {above > 0 && <Space height={above} across={across} />}
          {seen.map(({ index }) => {
            const result = rows[index];
            if (!result) return null;
            return (
              <Row
                key={index}
                run={run.id}
                result={result}
                place={index + 1}
                columns={names}
                scale={scale}
                chosen={result.instrument === reached}
                marked={result.instrument === marked}
                flag={flags.get(result.instrument) ?? ""}
                year={year}
                path={pathOf(run.id, result, twice)}
                phone={phone}
              />
            );
          })}
        </tbody>
      </table>
      <div className="end" style={{ top: HEAD + most * height - 1 }} />
      {choosing && <Columns close={() => choose(false)} />}
    </div>
  );
}

/** Go from row to row by keys; back from a result, one finds its row. */
function useRowKeys(
  rows: readonly Result[],
  open: (result: Result | undefined) => void,
  show: (place: number) => void,
): void {
  const reached = () => rows.findIndex((one) => one.instrument === chosen.get());
  const step = (by: number) => {
    const at = reached();
    const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1);
    chosen.set(rows[next]?.instrument);
  };
  useKeys([
    { press: "j", does: "next row", act: () => step(1) },
    { press: "k", does: "row before", act: () => step(-1) },
    { press: "ArrowDown", does: "next row", act: () => step(1) },
    { press: "ArrowUp", does: "row before", act: () => step(-1) },
    { press: "Enter", does: "open the result", act: () => open(rows[Math.max(reached(), 0)]) },
  ]);
  const now = useHeld(chosen);
  const at = now === undefined ? -1 : reached();
  const known = at >= 0;
  const place = useRef(at);
  place.current = at;
  // Also where a point of a picture was pressed; not because rows have moved.
  useEffect(() => {
    if (known && place.current >= 0) show(place.current);
  }, [now, known]);
}

function Space({ height, across }: { height: number; across: number }) {
  return (
    <tr className="space" aria-hidden="true">
      <td colSpan={across} style={{ height }} />
    </tr>
  );
}

function instrumentOf(event: { target: EventTarget }): string | undefined {
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  return row?.dataset.instrument;
}

function WideHead({ names }: { names: readonly string[] }) {
  return (
    <>
      <colgroup>
        <col style={{ width: 40 }} />
        <col style={{ width: 116 }} />
        {names.map((name) => (
          <col key={name} style={{ width: widthOf(name) }} />
        ))}
        <col style={{ width: 128 }} />
        <col />
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          <th className="number" scope="col">
            #
          </th>
          <Head by="symbol" text="Symbol" />
          {names.map((name) => (
            <Head key={name} by={name} text={metricOf(name).short} means={metricOf(name).means} number />
          ))}
          <th className="line" scope="col">
            Equity
          </th>
          <th scope="col">
            <span className="unseen">Flags</span>
          </th>
        </tr>
      </thead>
    </>
  );
}

function PhoneHead() {
  return (
    <>
      <colgroup>
        {PHONE_COLUMNS.map(({ by, width }) => (
          <col key={by} style={{ width }} />
        ))}
        <col />
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          {PHONE_COLUMNS.map(({ by, text }) => (
            <Head key={by} by={by} text={text} number={by !== "symbol"} />
          ))}
          <th className="line" scope="col">
            Equity
          </th>
        </tr>
      </thead>
    </>
  );
}

interface HeadProps {
  by: string;
  text: string;
  means?: string;
  number?: boolean;
}

function Head({ by, text, means, number }: HeadProps) {
  const now = useHeld(sort);
  const on = now?.by === by;
  return (
    <th
      scope="col"
      className={number ? "number" : "symbol"}
      aria-sort={on ? (now.down ? "descending" : "ascending") : "none"}
      data-by={by}
    >
      <button type="button" title={means} onClick={() => sort.set(turned(now, by))}>
        {text}
        {on && <span aria-hidden="true">{now.down ? " ↓" : " ↑"}</span>}
      </button>
    </th>
  );
}

/** The column under the pointer, or that has the focus; the return until there was one. */
function useColumnAtHand() {
  const at = useRef("total_return");
  return {
    at,
    note: (event: PointerEvent) => {
      const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("td, th") : null;
      const found = cell?.dataset.by ?? cell?.dataset.metric ?? (cell?.className === "symbol" ? "symbol" : undefined);
      if (found) at.current = found;
    },
  };
}

/** Why each flagged row is flagged. */
function useFlags(warnings: Run["warnings"]): ReadonlyMap<string, string> {
  return useMemo(() => {
    const found = new Map<string, string>();
    for (const { instrument, text } of warnings) {
      if (instrument === null) continue;
      const known = found.get(instrument);
      found.set(instrument, known ? `${known}; ${text}` : text);
    }
    return found;
  }, [warnings]);
}

/** Rows that came in this frame fade in; what came before, or a whole run at once, does not. Whether a place is `inSight`
 * is not asked of the document: it would lay itself out once more for the answer. */
function useFading(
  run: Run,
  inOrder: boolean,
  scroller: RefObject<HTMLElement | null>,
  height: number,
  inSight: (top: number) => boolean,
): void {
  const seen = useRef({ run: run.id, count: 0 });
  if (seen.current.run !== run.id) seen.current = { run: run.id, count: 0 };
  const { results } = run;
  const from = seen.current.count;
  const count = results.length - from;
  // Rows that follow each other fade as one: each by itself would have the whole table painted anew in every frame.
  if (inOrder || count > MOST_FADING) markSeen(results, from);
  useLayoutEffect(() => {
    const here = scroller.current;
    const top = HEAD + from * height;
    if (here && inOrder && count > 0 && count <= MOST_FADING && inSight(top)) fadeIn(here, top, count * height);
    markSeen(results, from);
    seen.current.count = results.length;
  }, [results]);
}

/** Copying without a selection, or with one over several rows, gives the table with raw numbers. */
function useCopying(rows: readonly Result[], names: readonly string[]): void {
  const now = useRef({ rows, names });
  now.current = { rows, names };
  useEffect(() => {
    const copy = (event: ClipboardEvent) => {
      const selection = getSelection();
      const target = event.target;
      if (target instanceof Element && target.matches("input, textarea")) return;
      const within = selection?.anchorNode?.parentElement?.closest("tr");
      const one = selection && !selection.isCollapsed && within === selection.focusNode?.parentElement?.closest("tr");
      if (one || now.current.rows.length === 0) return;
      event.clipboardData?.setData("text/plain", asTable(now.current.rows, now.current.names));
      event.preventDefault();
    };
    document.addEventListener("copy", copy);
    return () => document.removeEventListener("copy", copy);
  }, []);
}
