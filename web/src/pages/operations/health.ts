/** What the service says of itself: its operations, and whether each thing it stands on does its work. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schema } from "../../api/ask";
import { headers } from "../../api/key";
import { isAway, problemOf } from "../../api/problem";
import { connection, tellLine } from "../../parts/connection";

const EVERY_MS = 2000;

export interface Moment {
  operations: Schema["Operations"];
  readiness: Schema["Readiness"];
}

/** `/readyz` answers 503 with the same body where it is not ready; that is no problem of the question. */
async function readiness(): Promise<Schema["Readiness"]> {
  const answer = await fetch("/readyz", { headers: headers() });
  if (answer.ok || answer.status === 503) return (await answer.json()) as Schema["Readiness"];
  throw await problemOf(answer);
}

async function look(): Promise<Moment> {
  const [operations, ready] = await Promise.all([body(api.GET("/api/v1/operations")), readiness()]);
  return { operations, readiness: ready };
}

/** One moment after the other, every two seconds while the page is shown and can be seen. */
export function useMoments() {
  const asked = useQuery({
    queryKey: ["operations"],
    queryFn: look,
    refetchInterval: EVERY_MS,
    staleTime: 0,
    retry: false,
  });
  const away = asked.error !== null && isAway(asked.error);
  useEffect(() => {
    if (!away) return;
    tellLine({ state: "offline", waitMs: EVERY_MS, caughtUp: 0 });
    return () => {
      if (connection.get().state === "offline") tellLine({ state: "live", waitMs: 0, caughtUp: 0 });
    };
  }, [away]);
  return { ...asked, away };
}
