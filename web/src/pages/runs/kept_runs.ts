/** The list of runs, page by page; while one of them goes on it is asked for again. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schema } from "../../api/ask";

export type RunRow = Schema["RunListed"];

const ROWS = 50;
const AGAIN_MS = 1000;

export function isGoing(row: RunRow): boolean {
  return row.state === "running" || row.active;
}

export function useRuns() {
  const questions = useQueryClient();
  const { data, error, isSuccess, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["runs", "pages"],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/runs", { params: { query: { limit: ROWS, ...(pageParam ? { cursor: pageParam } : {}) } } }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.cursor ?? undefined,
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.runs.some(isGoing)) ? AGAIN_MS : 10 * AGAIN_MS,
  });
  return {
    rows: data?.pages.flatMap((page) => page.runs) ?? [],
    fault: error,
    isAsked: isSuccess,
    hasMore: hasNextPage,
    askMore: () => {
      if (!isFetchingNextPage) void fetchNextPage();
    },
    /** Take runs off the list that are gone, and ask again. */
    forget: (runs: readonly string[]) => {
      void questions.invalidateQueries({ queryKey: ["runs"] });
      for (const run of runs) questions.removeQueries({ queryKey: ["run", run] });
    },
  };
}
