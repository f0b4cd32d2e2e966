/** What the page of a sweep asks the service for, and when it asks again. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, body, type Schema } from "../../api/ask";
import type { Run } from "../../api/feed";
import { usePaced } from "../run/pace";

export type Surface = Schema["Surface"];
export type Statistic = Exclude<Surface["statistic"], "all">;
export type SetDetail = Schema["SurfaceDetail"];

const AGAIN_MS = 700;
/** A surface of many sets takes the service longer: at most a third of the time it is being made. */
const TIMES_ITS_OWN = 2;

/** What is kept so far of a sweep: it changes whenever a tile has come, and with the end. */
function useStage(run: Run, tookMs: number): string {
  const stage = `${run.state} ${run.cells} ${run.line.state}`;
  return usePaced(stage, Math.max(AGAIN_MS, TIMES_ITS_OWN * tookMs), run.id);
}

/** One statistic of a metric over the sets, asked for again when tiles have come; the objective where no metric is named. */
export function useSurface(run: Run, metric: string, statistic: Statistic) {
  const took = useRef<number | undefined>(undefined);
  const asked = useRef("");
  const stage = useStage(run, took.current ?? 0);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["surface", run.id, metric, statistic],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      const query = { statistic, ...(metric ? { metric } : {}) };
      const found = await body(
        api.GET("/api/v1/runs/{run}/surface", { params: { path: { run: run.id }, query }, signal }),
      );
      // The first answer waits for what makes surfaces to be loaded: it says nothing of the next one.
      took.current = took.current === undefined ? 0 : performance.now() - began;
      return found;
    },
    // Of a sweep that goes on nothing is new for long.
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
  const of = `${run.id} ${metric} ${statistic} ${stage}`;
  useEffect(() => {
    if (isFetching) return;
    if (asked.current !== "" && asked.current !== of) void refetch();
    asked.current = of;
  }, [of, isFetching, refetch]);
  // What stands in its place meanwhile is another metric's of the same sweep, or another sweep's.
  return { surface: data?.run === run.id ? data : undefined, error };
}

/** One set over its instruments; undefined while nothing is kept of it. */
export function useSet(run: Run, point: number | undefined, metric: string, tried: number) {
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["set", run.id, point, metric, tried],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/runs/{run}/surface/{number}", {
          params: { path: { run: run.id, number: point ?? 0 }, query: metric ? { metric } : {} },
          signal,
        }),
      ),
    enabled: point !== undefined && tried > 0,
    placeholderData: keepPreviousData,
  });
  const here = data?.run === run.id && (data.point === point || isPlaceholderData) ? data : undefined;
  return point !== undefined && tried > 0 ? here : undefined;
}
