import { expect, test } from "vitest";
import type { Event } from "./events";
import { follow, type Line } from "./follow";
import { Problem } from "./problem";

const RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

function frame(number: number, event: string): string {
  return `id: ${RUN}/${number}\nevent: ${event}\ndata: {"event":"${event}","id":"${RUN}/${number}"}\n\n`;
}

const LOG = [frame(1, "started"), frame(2, "result"), frame(3, "result"), frame(4, "result"), frame(5, "completed")];

/** Bytes that hold one whole frame, whichever it is. */
const ONE = "retry: 1\n\n".length + Math.max(...LOG.map((each) => each.length));

/** A service whose stream ends after so many bytes of every connection. */
function cutting(bytes: number, asked: (string | null)[] = []): typeof fetch {
  return async (_url, init) => {
    const place = new Headers(init?.headers).get("Last-Event-ID");
    asked.push(place);
    const text = `retry: 1\n\n${LOG.slice(place === null ? 0 : Number(place.split("/")[1])).join("")}`;
    return new Response(text.slice(0, bytes));
  };
}

test("every event comes once, wherever the line breaks", async () => {
  for (const bytes of [ONE, ONE + 1, ONE + 40, 2 * ONE, 3 * ONE, 9 * ONE]) {
    const seen: Event[] = [];
    const asked: (string | null)[] = [];
    await follow({
      run: RUN,
      signal: new AbortController().signal,
      take: (events) => seen.push(...events),
      fetch: cutting(bytes, asked),
    });
    expect(seen.map((event) => event.id)).toEqual([1, 2, 3, 4, 5].map((number) => `${RUN}/${number}`));
    expect(asked[0]).toBeNull();
  }
});

test("what was caught up is told once the line is back", async () => {
  const lines: Line[] = [];
  await follow({
    run: RUN,
    signal: new AbortController().signal,
    take: () => {},
    line: (line) => lines.push(line),
    fetch: cutting(ONE),
  });
  expect(lines[0]?.state).toBe("live");
  expect(lines.some((line) => line.state === "resuming" && line.waitMs === 1)).toBe(true);
  expect(lines.some((line) => line.state === "live" && line.caughtUp === 1)).toBe(true);
});

test("a line that is back is told so before a run has anything new to tell, and counts what it catches up", async () => {
  const pieces = ["retry: 1\n\n", ": still here\n\n", LOG[1], LOG[2], `${LOG[3]}${LOG[4]}`] as string[];
  const lines: Line[] = [];
  let connections = 0;
  await follow({
    run: RUN,
    signal: new AbortController().signal,
    take: () => {},
    line: (line) => lines.push(line),
    fetch: async () => {
      connections += 1;
      if (connections === 1) return new Response(`retry: 1\n\n${LOG[0]}`);
      const waiting = [...pieces];
      return new Response(
        new ReadableStream({
          pull(stream) {
            const next = waiting.shift();
            if (next === undefined) stream.close();
            else stream.enqueue(new TextEncoder().encode(next));
          },
        }),
      );
    },
  });
  const told = lines.map(({ state, caughtUp }) => `${state} ${caughtUp}`);
  expect(told).toEqual(["live 0", "resuming 0", "live 0", "live 1", "live 2", "live 3"]);
});

test("a place is gone on from, and a problem that stays is thrown", async () => {
  const asked: (string | null)[] = [];
  const signal = new AbortController().signal;
  await follow({ run: RUN, after: 3, signal, take: () => {}, fetch: cutting(9 * ONE, asked) });
  expect(asked).toEqual([`${RUN}/3`]);
  const gone: typeof fetch = async () =>
    new Response('{"code":"runs.unknown","detail":"No run."}', { status: 404, statusText: "Not Found" });
  const wait = follow({ run: RUN, signal, take: () => {}, fetch: gone });
  await expect(wait).rejects.toThrow(Problem);
});

test("a signal ends the waiting at once", async () => {
  const ending = new AbortController();
  const away: typeof fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  const waiting = follow({
    run: RUN,
    signal: ending.signal,
    take: () => {},
    line: () => ending.abort(),
    fetch: away,
  });
  await waiting;
});
