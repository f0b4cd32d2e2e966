/** What stands where the results will be: an empty store, bars that are not there, nothing run yet. */
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import { printed } from "../../parts/key_list";
import { DemoButton } from "./demo_button";
import type { Held } from "./market";
import type { Form } from "./spec";

export function EmptyStore() {
  return (
    <div className="empty" data-empty="store">
      <h2>No bars yet.</h2>
      <p>
        Drop CSV or Parquet files <a href="/data">here</a>, or run <code>tapehead demo</code> for a synthetic market of
        48.
      </p>
      <p className="demo">
        <DemoButton />
      </p>
    </div>
  );
}

export function NothingRun({
  running,
  show,
}: {
  running: Schema["RunFacts"] | undefined;
  show: (run: string) => void;
}) {
  return (
    <div className="empty" data-empty="run">
      <h2>Pick a strategy and press {printed("mod+Enter").join(" ")}.</h2>
      <p>Results appear while they are made.</p>
      {running && (
        <p className="offer" data-offer={running.run}>
          {String(running.spec.strategy)} goes on since {format.time(running.created_at)}: {running.count} results so
          far.{" "}
          <button type="button" className="button" onClick={() => show(running.run)}>
            Show it
          </button>
        </p>
      )}
    </div>
  );
}

export interface Lacking {
  text: string;
  /** The range that is held. */
  start: string;
  end: string;
}

/** Why no instrument has a bar in the range that was asked for; undefined where some may. */
export function lackingOf(form: Form, held: Held | undefined): Lacking | undefined {
  const interval = held?.intervals.find((one) => one.interval === form.settings.interval) ?? held?.intervals[0];
  if (!interval) return undefined;
  const start = format.instant(form.settings.start ?? "");
  const end = format.instant(form.settings.end ?? "");
  const [first, last] = [Date.parse(interval.first), Date.parse(interval.last)];
  if (!(start > last) && !(end <= first)) return undefined;
  return {
    text:
      `No instrument has ${interval.interval} bars ${spanOf(form.settings.start ?? "", form.settings.end ?? "")}. ` +
      `The store holds ${interval.interval} from ${format.day(interval.first)}.`,
    start: format.day(interval.first),
    end: "",
  };
}

/** `in 2019`, `before 2019-01-01`, `from 2025-01-01 on`, `from 2018-01-01 to 2018-06-01`. */
function spanOf(start: string, end: string): string {
  const year = /^(\d{4})-01-01$/;
  const [from, to] = [year.exec(start)?.[1], year.exec(end)?.[1]];
  if (from && to && Number(to) === Number(from) + 1) return `in ${from}`;
  if (!start) return `before ${end}`;
  return end ? `from ${start} to ${end}` : `from ${start} on`;
}

export function EmptyUniverse({ lacking, use }: { lacking: Lacking; use: () => void }) {
  return (
    <div className="empty" data-empty="universe">
      <h2>{lacking.text.slice(0, lacking.text.indexOf(". ") + 1)}</h2>
      <p>
        {lacking.text.slice(lacking.text.indexOf(". ") + 2)}{" "}
        <button type="button" className="button" onClick={use}>
          Use that range
        </button>
      </p>
    </div>
  );
}
