/** Typed requests; the types are made from the service's own OpenAPI. */
import createClient, { type Middleware } from "openapi-fetch";
import { askForKey, headers } from "./key";
import { problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];

const withKey: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headers())) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok || response.status === 304) return;
    if (response.status === 401) askForKey();
    throw await problemOf(response);
  },
};

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(withKey);

/** The body of an answer; what the service refuses is thrown as a Problem before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
