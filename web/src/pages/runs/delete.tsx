/** Asks before runs are deleted, and says what is lost with them. */
import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/ask";
import { Dialog } from "../../parts/dialog";
import { sentenceOf } from "../../parts/fault";
import * as format from "../../parts/format";
import { rangeLine, strategyLine, universeOf } from "../../parts/spec";
import { isGoing, type RunRow } from "./kept_runs";

interface Props {
  runs: readonly RunRow[];
  orderOf: (strategy: string) => readonly string[];
  close: () => void;
  gone: (runs: readonly string[]) => void;
}

export function Delete({ runs, orderOf, close, gone }: Props) {
  const going = runs.filter(isGoing);
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      for (const { run } of runs) {
        await api.DELETE("/api/v1/runs/{run}", { params: { path: { run } } });
        gone([run]);
      }
    },
    onSuccess: close,
  });
  const lost = runs.reduce((sum, row) => sum + row.count, 0);
  return (
    <Dialog title={`Delete ${format.several(runs.length, "run")}?`} close={close}>
      <ul className="runs-lost">
        {runs.map((row) => (
          <li key={row.run}>
            {strategyLine(row.spec, orderOf(String(row.spec.strategy)))} · {universeOf(row.spec)} ·{" "}
            {rangeLine(row.spec)}, started {format.time(row.created_at)}{" "}
            <span className="id">{format.shortId(row.run)}</span>
          </li>
        ))}
      </ul>
      <p>
        Lost are {format.several(lost, "result")} with their trades, the events, and{" "}
        {runs.length === 1 ? "the receipt" : "the receipts"}: nothing brings them back. The bars stay, so the same
        settings can be run again.
      </p>
      {going.length > 0 && <p className="warn">A run that goes on is not deleted: cancel it first.</p>}
      {error && (
        <p className="loss" role="alert">
          {sentenceOf(error)}
        </p>
      )}
      <div className="runs-answer">
        <button type="button" className="button" autoFocus onClick={close}>
          Keep
        </button>
        <button type="button" className="button loss" disabled={isPending || going.length > 0} onClick={() => mutate()}>
          {isPending ? "Deleting…" : `Delete ${format.several(runs.length, "run")}`}
        </button>
      </div>
    </Dialog>
  );
}
