/** Begin, cancel and resume a run. */
import { useState } from "react";
import { api } from "../../api/ask";
import { Problem } from "../../api/problem";
import { announce } from "../../parts/announce";
import { sentenceOf } from "../../parts/fault";
import { questions } from "../../parts/questions";
import { type Begun, begin, followAgain, markClick } from "./following";
import { type Asked, type Form, toRequest } from "./spec";

/** What could not be done, whatever kept it from being done. */
function problemFrom(fault: unknown): Problem {
  return fault instanceof Problem ? fault : new Problem(0, "away", sentenceOf(fault));
}

/** `asking` makes of a form what the service is asked. */
export function useBeginning(begun: (run: Begun) => void, asking: (form: Form) => Asked = toRequest) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const trying = async <T>(act: () => Promise<T>, then?: (found: T) => void) => {
    // The question leaves before the page is drawn anew to say so.
    const acting = act();
    setProblem(undefined);
    setBusy(true);
    try {
      const found = await acting;
      setBusy(false);
      then?.(found);
    } catch (fault) {
      const said = problemFrom(fault);
      setBusy(false);
      setProblem(said);
      announce(said.message);
    }
  };
  return {
    busy,
    problem,
    forget: () => setProblem(undefined),
    begin: (form: Form) => {
      if (busy) return;
      markClick();
      void trying(() => begin(asking(form)), begun);
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
