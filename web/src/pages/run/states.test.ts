import { afterEach, expect, test, vi } from "vitest";
import { FIRST } from "./spec";
import { lackingOf } from "./states";

const HELD = {
  intervals: [{ interval: "1h", instruments: 1, first: "2021-04-04T12:00:00Z", last: "2021-04-05T12:00:00Z" }],
};

function lacks(settings: Record<string, string>): boolean {
  return lackingOf({ ...FIRST, settings }, HELD) !== undefined;
}

afterEach(() => vi.unstubAllEnvs());

test.each(["UTC", "America/New_York", "Asia/Kolkata"])(
  "a time without a zone is UTC, in a browser of %s too",
  (zone) => {
    vi.stubEnv("TZ", zone);
    for (const last of ["2021-04-05T12:00", "2021-04-05 12:00", "2021-04-05T12:00Z", "2021-04-05T14:00+02:00"])
      expect(lacks({ start: last }), `from ${last}`).toBe(false);
    for (const first of ["2021-04-04T12:01", "2021-04-04 12:01:00", "2021-04-05"])
      expect(lacks({ end: first }), `to ${first}`).toBe(false);
    for (const after of ["2021-04-05T12:01", "2021-04-05 12:01", "2021-04-06"])
      expect(lacks({ start: after }), `from ${after}`).toBe(true);
    expect(lacks({ end: "2021-04-04 12:00" })).toBe(true);
  },
);
