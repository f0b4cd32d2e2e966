import { expect, test } from "vitest";
import { isApart, merged, type RunRow } from "./kept_runs";

type Page = Parameters<typeof merged>[0];

function page(names: string, cursor: string | null, state = "completed"): Page {
  const runs = [...names].map((run) => ({ run, state, active: false }) as unknown as RunRow);
  return { schema: "tapehead.runs/1", runs, cursor } as Page;
}

const told = (rows: readonly RunRow[]) => rows.map(({ run, state }) => run + state[0]).join(" ");

test("what the newest page tells stands once, above the older pages", () => {
  const older = [page("DC", "c"), page("BA", null)];
  expect(told(merged(page("FED", "d", "running"), older))).toBe("Fr Er Dr Cc Bc Ac");
  expect(told(merged(page("DC", "c"), []))).toBe("Dc Cc");
});

test("a run that is gone is gone from the pages too", () => {
  expect(told(merged(page("ED", "d"), [page("FED", "d"), page("CB", null)]))).toBe("Ec Dc Cc Bc");
  expect(told(merged(page("B", null), [page("BA", null)]))).toBe("Bc");
});

test("so many new runs that some may be missing between are found out", () => {
  expect(isApart(page("HG", "g"), [page("DC", "c")])).toBe(true);
  expect(isApart(page("ED", "d"), [page("DC", "c")])).toBe(false);
  expect(isApart(page("HG", null), [page("DC", "c")])).toBe(false);
  expect(isApart(page("HG", "g"), [])).toBe(false);
});
