/** Whether the service answers, as the top bar says it; a stream that breaks or comes back tells it here. */
import type { Line } from "../api/follow";
import { held } from "./held";

export interface Connection extends Line {
  /** A dependency that is away although results are the same. */
  degraded: string;
}

export const connection = held<Connection>({ state: "live", waitMs: 0, caughtUp: 0, degraded: "" });

export function tellLine(line: Line): void {
  connection.set({ ...connection.get(), ...line });
}
