/** One file on its way in: what would be read of it, what it was refused for, what it brought. */
import { type FormEvent, useRef, useState } from "react";
import * as format from "../../parts/format";
import { sentenceOf } from "../../parts/fault";
import { type Arrival, bring, forget, isGoing, look } from "./arrivals";
import { HintFields, hintsOf } from "./hint_fields";
import { ImportReport, outcome } from "./quality";
import { wanted } from "./upload";

const WORDS = {
  waiting: "waits",
  looking: "is looked at",
  looked: "nothing written yet",
  sending: "is imported",
  kept: "imported",
  refused: "refused, nothing written",
} as const;

function word({ step, report }: Arrival): string {
  return step === "kept" && report && !report.committed ? "nothing is new" : WORDS[step];
}

export function ArrivalPart({ one }: { one: Arrival }) {
  const form = useRef<HTMLFormElement>(null);
  const [changed, setChanged] = useState(false);
  const asked = wanted(one.fault);
  const again = (event: FormEvent) => {
    event.preventDefault();
    if (form.current === null) return;
    setChanged(false);
    look(one.number, hintsOf(form.current));
  };
  const open = one.step === "looked" || one.step === "refused";
  return (
    <section className="arrival" data-arrival={one.file.name} data-step={one.step} aria-label={one.file.name}>
      <header>
        <h2>{one.file.name}</h2>
        <span className="dim">{format.bytes(one.file.size)}</span>
        <span className={one.step === "refused" ? "loss" : "dim"}>{word(one)}</span>
        {one.step === "kept" && one.report?.committed && (
          <span className="gain">commit {one.report.total.snapshot}</span>
        )}
        {!isGoing(one) && (
          <button type="button" className="button" onClick={() => forget(one.number)}>
            {one.step === "kept" ? "Clear" : "Leave out"}
          </button>
        )}
      </header>
      {isGoing(one) && <progress value={one.sent} max={1} aria-label={`${one.file.name} sent`} />}
      {one.step === "refused" && (
        <p className="loss" role="alert">
          {sentenceOf(one.fault)}
        </p>
      )}
      {one.step === "kept" && one.report && <p>{outcome(one.report)}</p>}
      {one.report && <ImportReport report={one.report} />}
      {open && (
        <form ref={form} onSubmit={again} onChange={() => setChanged(true)}>
          {asked.length > 0 && <p className="hint">Fill in what is marked, then look again.</p>}
          <HintFields hints={one.hints} asked={asked} />
          <div className="acts">
            {one.step === "looked" && (
              <button type="button" className="primary" disabled={changed} onClick={() => bring([one.number])}>
                Import {format.several(one.report?.total.kept ?? 0, "bar")}
              </button>
            )}
            <button type="submit" className="button">
              Look again
            </button>
            {changed && one.step === "looked" && <span className="hint">The hints changed: look again first.</span>}
          </div>
        </form>
      )}
    </section>
  );
}
