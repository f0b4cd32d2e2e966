/** Begin, cancel and resume a run. */
import { useState } from "react";
import { api, body, type Schema } from "../../api/ask";
import { Problem } from "../../api/problem";
import { announce } from "../../parts/announce";
import { sentenceOf } from "../../parts/fault";
import { questions } from "../../parts/questions";
import { followAgain, markClick } from "./following";
import { type Form, toRequest } from "./spec";

/** What could not be done, whatever kept it from being done. */
function problemFrom(fault: unknown): Problem {
  return fault instanceof Problem ? fault : new Problem(0, "away", sentenceOf(fault));
}

export function useBeginning(begun: (run: Schema["RunBegun"]) => void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const trying = async (act: () => Promise<void>) => {
    setProblem(undefined);
    setBusy(true);
    try {
      await act();
    } catch (fault) {
      const found = problemFrom(fault);
      setProblem(found);
      announce(found.message);
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    problem,
    forget: () => setProblem(undefined),
    begin: (form: Form) => {
      if (busy) return;
      markClick();
      void trying(async () =>
        begun((await body(api.POST("/api/v1/runs", { body: toRequest(form) }))) as Schema["RunBegun"]),
      );
    },
    cancel: (run: string) =>
      void trying(async () => {
        await api.POST("/api/v1/runs/{run}/cancel", { params: { path: { run } } });
      }),
    resume: (run: string) =>
      void trying(async () => {
        await api.POST("/api/v1/runs/{run}/resume", { params: { path: { run } } });
        await questions.invalidateQueries({ queryKey: ["run", run] });
        followAgain(run);
      }),
  };
}
