/** What the service says of itself: its operations, and whether each thing it stands on does its work. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schema } from "../../api/ask";
import { isAway } from "../../api/problem";
import { readiness } from "../../api/readiness";
import { connection, tellLine } from "../../parts/connection";

const EVERY_MS = 2000;

export interface Moment {
  operations: Schema["Operations"];
  readiness: Schema["Readiness"];
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
