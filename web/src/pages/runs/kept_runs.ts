/** The list of runs, page by page: the newest ones are asked for again, older ones only while they go on. */
import { type InfiniteData, type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schema } from "../../api/ask";

export type RunRow = Schema["RunListed"];
type Page = Schema["RunsPage"];
type Pages = InfiniteData<Page, string>;

const ROWS = 50;
const AGAIN_MS = 1000;
const OLDER = ["runs", "older"];

export function isGoing(row: RunRow): boolean {
  return row.state === "running" || row.active;
}

function ask(cursor: string, signal: AbortSignal): Promise<Page> {
  const query = { limit: ROWS, ...(cursor ? { cursor } : {}) };
  return body(api.GET("/api/v1/runs", { params: { query }, signal }));
}

/**
 * Every row once, newest first. Of the time that `newest` tells of it alone counts: a run that is only in the pages there
 * is gone.
 */
export function merged(newest: Page, pages: readonly Page[]): RunRow[] {
  const last = newest.runs.at(-1);
  if (newest.cursor === null || !last) return newest.runs;
  return [...newest.runs, ...pages.flatMap((page) => page.runs).filter((row) => row.run < last.run)];
}

/** Whether runs may lie between the newest ones and the pages, so many have begun since those were read. */
export function isApart(newest: Page, pages: readonly Page[]): boolean {
  const [last, first] = [newest.runs.at(-1), pages[0]?.runs[0]];
  return newest.cursor !== null && last !== undefined && first !== undefined && last.run > first.run;
}

export function useRuns() {
  const questions = useQueryClient();
  const { data: newest, error } = useQuery({
    queryKey: ["runs", "newest"],
    queryFn: ({ signal }) => ask("", signal),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.runs.some(isGoing) ? AGAIN_MS : 10 * AGAIN_MS),
  });
  // Begun from the newest ones when more are wanted, and never asked again as a whole.
  const older = useInfiniteQuery({
    queryKey: OLDER,
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (last: Page) => last.cursor ?? undefined,
    enabled: false,
  });
  const pages = older.data?.pages ?? [];
  const apart = newest !== undefined && isApart(newest, pages);
  useEffect(() => {
    if (apart) questions.removeQueries({ queryKey: OLDER });
  }, [apart, questions]);
  useGoing(older.data, newest, questions);
  return {
    rows: newest ? merged(newest, pages) : [],
    fault: error,
    isAsked: newest !== undefined,
    hasMore: pages.length > 0 ? older.hasNextPage : (newest?.cursor ?? null) !== null,
    askMore: () => {
      if (older.isFetchingNextPage || !newest) return;
      if (pages.length === 0) questions.setQueryData<Pages>(OLDER, { pages: [newest], pageParams: [""] });
      void older.fetchNextPage();
    },
    /** Take runs off the list that are gone. */
    forget: (runs: readonly string[]) => {
      change(questions, (page) => ({ ...page, runs: page.runs.filter((row) => !runs.includes(row.run)) }));
      void questions.invalidateQueries({ queryKey: ["runs", "newest"] });
      for (const run of runs) questions.removeQueries({ queryKey: ["run", run] });
    },
  };
}

/** Ask again for the pages below the newest runs in which one goes on. */
function useGoing(older: InfiniteData<Page> | undefined, newest: Page | undefined, questions: QueryClient): void {
  const last = newest?.runs.at(-1)?.run ?? "";
  const asked = (older?.pages ?? []).flatMap((page, place) =>
    page.runs.some((row) => row.run < last && isGoing(row)) ? [String(older?.pageParams[place] ?? "")] : [],
  );
  useQuery({
    queryKey: ["runs", "going", asked],
    queryFn: async ({ signal }) => {
      const found = new Map<string, Page>();
      for (const cursor of asked) found.set(cursor, await ask(cursor, signal));
      change(questions, (page, cursor) => found.get(cursor) ?? page);
      return found.size;
    },
    enabled: asked.length > 0,
    refetchInterval: AGAIN_MS,
    staleTime: 0,
  });
}

function change(questions: QueryClient, turn: (page: Page, cursor: string) => Page): void {
  questions.setQueryData<Pages>(
    OLDER,
    (was) => was && { ...was, pages: was.pages.map((page, place) => turn(page, was.pageParams[place] ?? "")) },
  );
}
