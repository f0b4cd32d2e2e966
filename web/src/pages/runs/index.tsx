/** Every run that is kept, newest first; one that goes on counts up. Two ticks compare. */
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Fault } from "../../parts/fault";
import * as format from "../../parts/format";
import { printed } from "../../parts/key_list";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { useRowKeys } from "../../parts/row_keys";
import { isSweep, pathOf } from "../../parts/spec";
import { useWindowRows } from "../../parts/window_rows";
import { useStrategies } from "../run/market";
import { Delete } from "./delete";
import { isGoing, type RunRow, useRuns } from "./kept_runs";
import { Row } from "./row";
import "./runs.css";

const HEIGHT = 28;
const HEIGHT_PHONE = 48;

function useOrders(): (strategy: string) => readonly string[] {
  const orders = new Map(useStrategies().map((each) => [each.name, each.parameters.map((one) => one.name)]));
  return (strategy) => orders.get(strategy) ?? [];
}

export default function RunsPage() {
  const [, go] = useLocation();
  const { rows, fault, isAsked, hasMore, askMore, forget } = useRuns();
  const orderOf = useOrders();
  const [ticked, tick] = useState<readonly string[]>([]);
  const [leaving, leave] = useState<readonly RunRow[] | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const turn = (run: string) =>
    tick((now) => (now.includes(run) ? now.filter((each) => each !== run) : [...now, run].slice(-2)));
  const open = (at: number) => rows[at] && go(pathOf(rows[at].run, rows[at].spec));
  const inView = useWindowRows(rows.length, useWidth() === "phone" ? HEIGHT_PHONE : HEIGHT, place);
  const keys = useRowKeys(rows.length, {
    open: (at) => open(at),
    show: inView.show,
    more: [
      { press: "x", does: "tick to compare", act: (at) => rows[at] && turn(rows[at].run) },
      { press: "Delete", does: "delete the row's run", act: (at) => rows[at] && leave([rows[at]]) },
    ],
  });
  const chosen = rows.filter((row) => ticked.includes(row.run));
  const comparable = ticked.length === 2 && !chosen.some((row) => isSweep(row.spec));
  const compare = () => comparable && go(`/compare/${ticked[0]}/${ticked[1]}`);
  useKeys([
    { press: "c", does: "compare the two that are ticked", act: compare },
    { press: "Backspace", does: "back", act: () => history.back() },
    { press: "Escape", does: "untick", act: () => tick([]) },
  ]);
  const state = rows.some(isGoing) ? "running" : isAsked ? "done" : "idle";
  return (
    <main id="main" data-page="runs" data-state={state} tabIndex={-1} className="runs">
      <div className="runs-head">
        <h1 className="title">Runs</h1>
        <span className="hint">{saidOf(ticked.length, comparable)}</span>
        <span className="spacer" />
        <button type="button" className="button" disabled={chosen.length === 0} onClick={() => leave(chosen)}>
          Delete…
        </button>
        <button type="button" className="button" disabled={!comparable} onClick={compare}>
          Compare <kbd>c</kbd>
        </button>
      </div>
      {fault && rows.length === 0 && <Fault fault={fault} />}
      {isAsked && rows.length === 0 && <Nothing />}
      {rows.length > 0 && (
        <div className="scroll runs-scroll" ref={place}>
          <table className="list runs-list" aria-label="Runs" aria-rowcount={rows.length + 1}>
            <Heads />
            <tbody>
              {inView.before > 0 && <tr style={{ height: inView.before }} aria-hidden="true" />}
              {inView.places.map((at) => {
                const row = rows[at] as RunRow;
                return (
                  <Row
                    key={row.run}
                    row={row}
                    place={at + 1}
                    order={orderOf(String(row.spec.strategy))}
                    chosen={at === keys.at}
                    ticked={ticked.includes(row.run)}
                    tick={() => turn(row.run)}
                    open={() => open(at)}
                  />
                );
              })}
              {inView.after > 0 && <tr style={{ height: inView.after }} aria-hidden="true" />}
            </tbody>
          </table>
          {hasMore && <More ask={askMore} shown={rows.length} />}
        </div>
      )}
      {leaving && (
        <Delete
          runs={leaving}
          orderOf={orderOf}
          close={() => leave(null)}
          gone={(runs) => {
            tick((now) => now.filter((each) => !runs.includes(each)));
            forget(runs);
          }}
        />
      )}
    </main>
  );
}

/** What can be done with so many ticked runs. */
function saidOf(ticked: number, comparable: boolean): string {
  if (ticked === 1) return "Tick another one to compare.";
  if (ticked < 2) return "";
  return comparable ? "Two are ticked." : "A sweep has many sets: it cannot be compared.";
}

function Heads() {
  return (
    <>
      <colgroup>
        {["started", "strategy", "universe", "instruments", "median", "profitable", "state", "tick"].map((name) => (
          <col key={name} className={`c-${name}`} />
        ))}
      </colgroup>
      <thead>
        <tr>
          <th className="c-started">Started (UTC)</th>
          <th>Strategy and parameters</th>
          <th className="c-universe">Universe</th>
          <th className="number c-instruments">Instruments</th>
          <th className="number">Median %</th>
          <th className="number">Profitable</th>
          <th className="c-state">State</th>
          <th>
            <span className="unseen">Tick to compare</span>
          </th>
        </tr>
      </thead>
    </>
  );
}

/** Asks for older runs when the end of the list comes into view; a button for those who do not scroll. */
function More({ ask, shown }: { ask: () => void; shown: number }) {
  const here = useRef<HTMLButtonElement>(null);
  const now = useRef(ask);
  now.current = ask;
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && now.current());
    if (here.current) seen.observe(here.current);
    return () => seen.disconnect();
  }, [shown]);
  return (
    <button type="button" className="button runs-more" ref={here} onClick={ask}>
      Older runs than these {format.count(shown)}
    </button>
  );
}

function Nothing() {
  return (
    <div className="empty">
      <h1>Pick a strategy and press {printed("mod+Enter").join(" ")}.</h1>
      <p>
        Results appear while they are made. <Link href="/">Run a strategy</Link>
      </p>
    </div>
  );
}
