/** Begin a run; the answer that says so goes on with its events, so that nothing is asked for a second time. */
import type { Schema } from "./ask";
import { Feed } from "./feed";
import { askForKey, headers } from "./key";
import { problemOf } from "./problem";

/** Resolves when what has come first is about to be painted; throws the Problem that the service answers with. */
export async function beginRun(asked: Schema["RunRequest"], get: typeof fetch = fetch): Promise<Feed> {
  const answer = await get("/api/v1/runs/stream?tiles=true", {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json", Prefer: "return=representation" },
    body: JSON.stringify(asked),
  });
  if (!answer.ok) {
    if (answer.status === 401) askForKey();
    throw await problemOf(answer);
  }
  const feed = new Feed(answer.headers.get("Location")?.split("/").at(-1) ?? "", get, answer);
  await feed.shown;
  return feed;
}
