/** Runs that wait, go on, or ended lately, with the way to end one. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, body, type Schema } from "../../api/ask";
import { sentenceOf } from "../../parts/fault";
import * as format from "../../parts/format";
import { questions } from "../../parts/questions";
import { Facts, Part } from "./part";

type Timings = Schema["RunTimings"];
const SHOWN = 12;

function ms(value: number | null): string {
  return value === null ? "–" : format.duration(value);
}

function isOn(run: Timings): boolean {
  return run.state === "waiting" || run.state === "running";
}

function RunRow({ run, cancel, busy }: { run: Timings; cancel: () => void; busy: boolean }) {
  return (
    <tr data-run={run.run} data-run-state={run.state}>
      <td>
        <Link href={`/runs/${run.run}`} className="id" title={run.run}>
          {format.shortId(run.run)}
        </Link>
      </td>
      <td>{run.strategy}</td>
      <td className={run.state === "failed" ? "loss" : "dim"}>{run.state}</td>
      <td className="number" data-metric="results" data-value={run.results}>
        {format.count(run.results)} of {format.count(run.total)}
      </td>
      <td className="number wide-only" data-metric="queued_ms" data-value={run.queued_ms ?? ""}>
        {ms(run.queued_ms)}
      </td>
      <td className="number wide-only" data-metric="first_ms" data-value={run.first_ms ?? ""}>
        {ms(run.first_ms)}
      </td>
      <td className="number" data-metric="last_ms" data-value={run.last_ms ?? ""}>
        {ms(run.last_ms)}
      </td>
      <td className="number">
        {isOn(run) && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={cancel}
            aria-label={`Cancel run ${format.shortId(run.run)}`}
          >
            Cancel
          </button>
        )}
      </td>
    </tr>
  );
}

export function Jobs({ operations }: { operations: Schema["Operations"] }) {
  const { queue, runs } = operations;
  const cancelling = useMutation({
    mutationFn: (run: string) => body(api.POST("/api/v1/runs/{run}/cancel", { params: { path: { run } } })),
    onSettled: () => questions.invalidateQueries({ queryKey: ["operations"] }),
  });
  const shown = [...runs.filter(isOn), ...runs.filter((run) => !isOn(run))].slice(0, SHOWN);
  return (
    <Part name="jobs" title="Jobs" command="tapehead runs">
      <Facts
        facts={[
          ["queue.active", "Go on", queue.active, format.count],
          ["queue.small", "Wait, up to 64 instruments", queue.small, format.count],
          ["queue.big", "Wait, larger", queue.big, format.count],
          ["queue.room", "May still be put", queue.room, format.count],
        ]}
      />
      {cancelling.error && (
        <p className="loss" role="alert">
          {sentenceOf(cancelling.error)}
        </p>
      )}
      {shown.length === 0 ? (
        <p className="hint">No run since the service was started.</p>
      ) : (
        <table className="list">
          <thead>
            <tr>
              <th>Run</th>
              <th>Strategy</th>
              <th>State</th>
              <th className="number">Results</th>
              <th className="number wide-only">Waited</th>
              <th className="number wide-only">First</th>
              <th className="number">Last</th>
              <th>
                <span className="unseen">Acts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((run) => (
              <RunRow key={run.run} run={run} busy={cancelling.isPending} cancel={() => cancelling.mutate(run.run)} />
            ))}
          </tbody>
        </table>
      )}
    </Part>
  );
}
