/** Whether each thing that the service stands on does its work. */
import type { Schema } from "./ask";
import { headers } from "./key";
import { problemOf } from "./problem";

/** `/readyz` answers 503 with the same body where it is not ready; that is no problem of the question. */
export async function readiness(): Promise<Schema["Readiness"]> {
  const answer = await fetch("/readyz", { headers: headers() });
  if (answer.ok || answer.status === 503) return (await answer.json()) as Schema["Readiness"];
  throw await problemOf(answer);
}
