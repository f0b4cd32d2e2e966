/** One file sent to the service. XMLHttpRequest, for fetch does not say how much of a body has left. */
import { askForKey, headers } from "../../api/key";
import { Problem, problemOf } from "../../api/problem";
import type { components } from "../../api/schema";

export type Report = components["schemas"]["ImportedReport"];

/** What the user knows of a file better than its guesses; left out where empty. */
export interface Hints {
  symbol?: string;
  venue?: string;
  kind?: string;
  interval?: string;
  tz?: string;
  unit?: string;
  columns?: string;
  quote?: string;
  supersede?: string;
}

export interface Sending {
  file: File;
  hints: Hints;
  /** Report only, write nothing. */
  dry: boolean;
  /** The part that has left, 0 to 1. */
  sent: (part: number) => void;
}

/** Throws a Problem for what the service refuses, a TypeError where it is away. */
export function upload({ file, hints, dry, sent }: Sending): Promise<Report> {
  const asked = new URLSearchParams({ name: file.name, ...(dry ? { dry_run: "true" } : {}) });
  for (const [name, value] of Object.entries(hints)) if (value) asked.set(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/imports?${asked}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sent(event.total ? event.loaded / event.total : 1);
    request.onerror = () => reject(new TypeError("the service is away, or the file can no longer be read"));
    request.onload = () => {
      if (request.status === 200) return resolve(JSON.parse(request.responseText) as Report);
      if (request.status === 401) askForKey();
      problemOf(new Response(request.responseText, { status: request.status })).then(reject, reject);
    };
    request.send(file);
  });
}

/** The hints that a refusal asks for, by the flags that its sentence names: `--tz ZONE` wants `tz`. */
export function wanted(fault: unknown): (keyof Hints)[] {
  if (!(fault instanceof Problem)) return [];
  const names = ["symbol", "venue", "kind", "interval", "tz", "unit", "columns", "quote", "supersede"] as const;
  return names.filter((name) => fault.message.includes(`--${name}`) || fault.of(name) !== undefined);
}
