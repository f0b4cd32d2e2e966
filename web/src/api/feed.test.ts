import { afterEach, expect, test } from "vitest";
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
