/** One run of the list. */
import { Link } from "wouter";
import * as format from "../../parts/format";
import { costsOfRun, isPooled, isSweep, pathOf, rangeLine, strategyLine, universeOf } from "../../parts/spec";
import { isGoing, type RunRow } from "./kept_runs";

const WORDS = { running: "running", completed: "done", failed: "failed", cancelled: "cancelled" } as const;

export function stateWord(row: RunRow): string {
  return isGoing(row) ? "running" : WORDS[row.state];
}

interface Props {
  row: RunRow;
  /** From 1. */
  place: number;
  order: readonly string[];
  chosen: boolean;
  ticked: boolean;
  tick: () => void;
  open: () => void;
}

export function Row({ row, place, order, chosen, ticked, tick, open }: Props) {
  const name = strategyLine(row.spec, order);
  const started = format.time(row.created_at, "UTC", false);
  const word = stateWord(row);
  const whole = row.count === row.total;
  const median = row.median_return;
  const pooled = isPooled(row.spec);
  const own = row.count - Number(pooled && row.count > 0);
  return (
    <tr data-row={row.run} data-state={word} aria-rowindex={place + 1} aria-selected={chosen}>
      <td className="c-started">{started}</td>
      <td className="c-strategy" onClick={open}>
        <Link href={pathOf(row.run, row.spec)}>{name}</Link>{" "}
        <span className="hint c-more">
          {pooled && "one account, its own return · "}
          {rangeLine(row.spec)} · {costsOfRun(row)}
        </span>
        <span className="hint c-phone">
          {started} · {pooled ? "one account" : universeOf(row.spec)} · {word}
        </span>
      </td>
      <td className="c-universe">{universeOf(row.spec)}</td>
      <td className="number c-instruments" data-metric="count" data-value={own} title={countTold(row)}>
        {whole ? format.count(own) : `${format.count(row.count)} of ${format.count(row.total)}`}
      </td>
      <td
        className={`number ${median === null ? "" : median > 0 ? "gain" : median < 0 ? "loss" : ""}`}
        data-metric="median_return"
        data-value={median ?? ""}
        title={
          median === null
            ? whyNot(row)
            : `${median} · ${pooled ? "Total return of the account." : "Median of the total returns of its instruments."}`
        }
      >
        {median === null ? "–" : format.percent(median)}
      </td>
      <td
        className="number"
        data-metric="profitable"
        data-value={row.profitable ?? ""}
        title={
          row.profitable === null ? whyNot(row) : "Instruments with a total return above 0, of those with a result."
        }
      >
        {row.profitable === null ? "–" : `${format.count(row.profitable)} of ${format.count(own)}`}
      </td>
      <td className={`c-state ${row.state === "failed" ? "loss" : row.state === "completed" ? "" : "warn"}`}>
        {word}
        {row.failed > 0 && <span className="warn"> · {row.failed} failed</span>}
      </td>
      <td className="c-tick">
        <input type="checkbox" checked={ticked} onChange={tick} aria-label={`Tick ${name} of ${started} to compare`} />
      </td>
    </tr>
  );
}

function countTold(row: RunRow): string {
  if (row.state === "cancelled")
    return `Cancelled at ${format.count(row.count)} of ${format.count(row.total)}. The ${format.count(row.count)} are kept.`;
  if (isPooled(row.spec)) return "They trade from one account.";
  return `${format.several(row.count, "result")} of ${format.several(row.total, isSweep(row.spec) ? "cell" : "instrument")}`;
}

function whyNot(row: RunRow): string {
  if (isSweep(row.spec)) return "A sweep has one for each of its sets: open it.";
  return isGoing(row) ? "Told when the run has ended." : "It has no result.";
}
