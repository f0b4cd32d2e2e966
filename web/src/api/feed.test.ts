import { afterEach, expect, test } from "vitest";
import { beginRun } from "./begin";
import { Feed } from "./feed";
import { keepKey, onKeyKept } from "./key";

const RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ENDED = `id: ${RUN}/1\nevent: completed\ndata: {"event":"completed","id":"${RUN}/1","degraded":[]}\n\n`;

/** A service that asks for the key `good`. */
const keyed: typeof fetch = async (_url, init) =>
  new Headers(init?.headers).get("Authorization") === "Bearer good"
    ? new Response(ENDED)
    : new Response('{"code":"access.key","detail":"A key is needed."}', { status: 401 });

function until(feed: Feed, state: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => feed.run.state === state && resolve();
    feed.subscribe(look);
    look();
  });
}

afterEach(() => sessionStorage.clear());

test("a feed that was refused for want of a key goes on once another one is kept", async () => {
  const feed = new Feed(RUN, keyed);
  const forget = onKeyKept(() => feed.again());
  await until(feed, "failed");
  expect(feed.run.problem?.status).toBe(401);
  keepKey("good");
  await until(feed, "done");
  expect(feed.run.problem).toBeUndefined();
  forget();
  feed.close();
});

test("a run that is begun is told by the answer that began it, and goes on where its line breaks", async () => {
  const asked: string[] = [];
  const result = `id: ${RUN}/1\nevent: result\ndata: {"event":"result","id":"${RUN}/1"}\n\n`;
  const get: typeof fetch = async (url, init) => {
    asked.push(`${init?.method ?? "GET"} ${url} ${new Headers(init?.headers).get("Last-Event-ID") ?? ""}`);
    if (init?.method !== "POST")
      return new Response(ENDED.replace(`${RUN}/1`, `${RUN}/2`).replace(`${RUN}/1`, `${RUN}/2`));
    const begun = `retry: 1\n\nevent: begun\ndata: {"id":"${RUN}","total":1,"reused":false}\n\n`;
    return new Response(begun + result, { headers: { Location: `/api/v1/runs/${RUN}` } });
  };
  const feed = await beginRun({ strategy: "RsiReversion" } as Parameters<typeof beginRun>[0], get);
  expect(feed.run.id).toBe(RUN);
  expect(feed.begun?.total).toBe(1);
  await until(feed, "done");
  expect(feed.run.results.length).toBe(1);
  expect(asked).toEqual(["POST /api/v1/runs/stream?tiles=true ", `GET /api/v1/runs/${RUN}/events?tiles=true ${RUN}/1`]);
  feed.close();
});

test("a run that is refused has no feed", async () => {
  const get: typeof fetch = async () => new Response('{"code":"input.parameter","detail":"No."}', { status: 422 });
  await expect(beginRun({ strategy: "Nope" } as Parameters<typeof beginRun>[0], get)).rejects.toThrow("No.");
});
