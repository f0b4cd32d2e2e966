/** What changed the store, newest first: each with its report, and the way to take it back. */
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schema } from "../../api/ask";
import { Dialog } from "../../parts/dialog";
import { Fault, sentenceOf } from "../../parts/fault";
import * as format from "../../parts/format";
import { questions } from "../../parts/questions";
import { ImportReport } from "./quality";
import type { Report } from "./upload";

type Commit = Schema["CommitFacts"];
type Undone = Schema["UndoneReport"];

function undoneText({ undoes, note, bars_before, bars_after, snapshot }: Undone): string {
  const bars = `${format.several(bars_before, "bar")} before, ${format.count(bars_after)} now`;
  return `Commit ${undoes} (${note}) is taken back: ${bars}. Undo commit ${snapshot} to have it back.`;
}

function CommitReport({ number, close }: { number: number; close: () => void }) {
  const { data, error } = useQuery({
    queryKey: ["commit", number],
    queryFn: () => body(api.GET("/api/v1/commits/{number}", { params: { path: { number } } })),
    staleTime: Infinity,
  });
  return (
    <Dialog title={`Commit ${number}`} close={close}>
      <div className="commit-report" tabIndex={0} role="group" aria-label={`Report of commit ${number}`}>
        {error && <Fault fault={error} />}
        {data?.report && <ImportReport report={data.report as unknown as Report} />}
      </div>
      <button type="button" className="button" onClick={close}>
        Close
      </button>
    </Dialog>
  );
}

function CommitRow({
  commit,
  undo,
  busy,
  show,
}: {
  commit: Commit;
  undo: () => void;
  busy: boolean;
  show: () => void;
}) {
  const { commit: number, at, kind, note, undone_by, swept, has_report } = commit;
  const over = undone_by !== null ? `taken back by ${undone_by}` : swept ? "swept" : "";
  return (
    <tr data-commit={number} data-undone={undone_by ?? undefined}>
      <td className="number" data-value={number}>
        {number}
      </td>
      <td>
        <span className={over ? "dim" : ""}>{note || kind}</span>
        <span className="hint">
          {kind} · {format.time(at)}
        </span>
      </td>
      <td className="acts">
        {has_report && (
          <button type="button" className="button" onClick={show} aria-label={`Report of commit ${number}`}>
            Report
          </button>
        )}
        {over ? (
          <span className="hint">{over}</span>
        ) : (
          <button type="button" className="button" onClick={undo} disabled={busy} aria-label={`Undo commit ${number}`}>
            Undo
          </button>
        )}
      </td>
    </tr>
  );
}

export function Imports() {
  const [shown, show] = useState<number>();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["commits"],
    queryFn: ({ pageParam: cursor }) => body(api.GET("/api/v1/commits", { params: { query: { cursor, limit: 50 } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor,
  });
  const undoing = useMutation({
    mutationFn: (number: number) => body(api.POST("/api/v1/undo/{number}", { params: { path: { number } } })),
    onSuccess: () => questions.invalidateQueries(),
  });
  const commits = data?.pages.flatMap((page) => page.log) ?? [];
  return (
    <section className="imports" aria-label="Imports">
      <h2 className="group">Imports and other changes</h2>
      <div role="status">{undoing.data && <p data-undone-text="">{undoneText(undoing.data)}</p>}</div>
      {undoing.error && (
        <p className="loss" role="alert">
          {sentenceOf(undoing.error)}
        </p>
      )}
      {error && <Fault fault={error} />}
      {data && commits.length === 0 && <p className="hint">Nothing was imported yet.</p>}
      {commits.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th className="number">#</th>
              <th>What</th>
              <th>
                <span className="unseen">Acts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {commits.map((commit) => (
              <CommitRow
                key={commit.commit}
                commit={commit}
                busy={undoing.isPending}
                undo={() => undoing.mutate(commit.commit)}
                show={() => show(commit.commit)}
              />
            ))}
          </tbody>
        </table>
      )}
      {hasNextPage && (
        <button type="button" className="button" onClick={() => void fetchNextPage()}>
          Older
        </button>
      )}
      {shown !== undefined && <CommitReport number={shown} close={() => show(undefined)} />}
    </section>
  );
}
