/** Files that were dropped, looked at and sent one after another; they stay while the page shows something else. */
import { announce } from "../../parts/announce";
import { several } from "../../parts/format";
import { held } from "../../parts/held";
import { questions } from "../../parts/questions";
import { type Hints, type Report, upload } from "./upload";

export type Step = "waiting" | "looking" | "looked" | "sending" | "kept" | "refused";

export interface Arrival {
  number: number;
  file: File;
  step: Step;
  /** What comes next for a file that waits. */
  dry: boolean;
  hints: Hints;
  sent: number;
  report: Report | undefined;
  fault: unknown;
}

export const arrivals = held<readonly Arrival[]>([]);
let last = 0;
let going = false;

function change(number: number, fields: Partial<Arrival>): void {
  arrivals.set(arrivals.get().map((each) => (each.number === number ? { ...each, ...fields } : each)));
}

/** Take files; each is looked at, and nothing is written. */
export function take(files: Iterable<File>): void {
  const added = [...files].map((file): Arrival => ({
    number: ++last,
    file,
    step: "waiting",
    dry: true,
    hints: {},
    sent: 0,
    report: undefined,
    fault: undefined,
  }));
  arrivals.set([...added, ...arrivals.get()]);
  void goOn();
}

/** Look at a file again, with what is known of it. */
export function look(number: number, hints: Hints): void {
  change(number, { step: "waiting", dry: true, hints, sent: 0, fault: undefined });
  void goOn();
}

/** Import files as they were looked at. */
export function bring(numbers: readonly number[]): void {
  for (const number of numbers) change(number, { step: "waiting", dry: false, sent: 0, fault: undefined });
  void goOn();
}

export function forget(number: number): void {
  arrivals.set(arrivals.get().filter((each) => each.number !== number || isGoing(each)));
}

export function isGoing({ step }: Arrival): boolean {
  return step === "looking" || step === "sending";
}

/** Each file that waits, the first that came first; one at a time. */
async function goOn(): Promise<void> {
  if (going) return;
  going = true;
  for (let next = oldest(); next !== undefined; next = oldest()) await send(next);
  going = false;
}

function oldest(): Arrival | undefined {
  return arrivals
    .get()
    .filter((each) => each.step === "waiting")
    .sort((a, b) => a.number - b.number)[0];
}

async function send({ number, file, dry, hints }: Arrival): Promise<void> {
  change(number, { step: dry ? "looking" : "sending" });
  try {
    const report = await upload({ file, hints, dry, sent: (sent) => change(number, { sent }) });
    change(number, { step: dry ? "looked" : "kept", report, sent: 1 });
    const rows = several(report.total.rows, "row");
    announce(dry ? `${file.name}: ${rows}, nothing written yet.` : `${file.name}: ${rows} imported.`);
    if (!dry) void questions.invalidateQueries();
  } catch (fault) {
    change(number, { step: "refused", fault, report: undefined });
    announce(`${file.name} is refused.`);
  }
}
