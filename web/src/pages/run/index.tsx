/** Run: the spec at the left, the whole market's answer while it is made. */
import { useEffect, useState } from "react";
import { useLocation, useParams } from "wouter";
import { useHeld } from "../../parts/held";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { isPooled, isSweep } from "../../parts/spec";
import { lineOf, useAsking, useTold, yearOf } from "./asking";
import { Folded, Idle, RunBar } from "./folded";
import { EVERYTHING } from "./order";
import { RunView } from "./run_view";
import { chosen, wanted } from "./shown";
import { titleOf } from "./spec";
import { RUN } from "./spec_held";
import { countOf, SpecRail } from "./spec_rail";
import "./run.css";

/** Esc first closes what is open, then cancels. */
function useClosing(filtering: boolean, filter: (on: boolean) => void, cancel: () => void): void {
  const filtered = useHeld(wanted) !== EVERYTHING;
  const act = () => {
    const typing = document.activeElement;
    if (filtering || filtered) {
      filter(false);
      wanted.set(EVERYTHING);
    } else if (typing instanceof HTMLElement && typing.matches("input, select")) typing.blur();
    else if (chosen.get() !== undefined) chosen.set(undefined);
    else cancel();
  };
  useKeys([{ press: "Escape", does: "close, cancel", typing: true, act }]);
}

export function RunPage() {
  const { run: id } = useParams<{ run?: string }>();
  const [, go] = useLocation();
  const width = useWidth();
  const shown = useTold(id);
  const asking = useAsking(id, shown, RUN);
  const { rail, of, beginning } = asking;
  const elsewhere = shown.told !== undefined && isSweep(shown.told.spec);
  useEffect(() => {
    if (elsewhere) go(`/sweep/${id}`, { replace: true });
  }, [elsewhere, id, go]);
  const [filtering, filter] = useState(false);
  useKeys([{ press: "mod+Enter", does: "run", typing: true, act: rail.run }]);
  useClosing(filtering, filter, () => {
    if (id !== undefined && shown.going) beginning.cancel(id);
  });
  const phone = width === "phone";
  const title = titleOf(of, rail.strategies.find((one) => one.name === of.strategy)?.parameters ?? []);
  const whole = lineOf(of, shown.told?.header, phone ? (countOf(of, rail.universes) ?? 0) : 0);
  const line = isPooled(shown.told?.spec) ? `one account · ${whole}` : whole;
  const folded = phone ? (
    <Folded title={rail.known ? title : ""} line={rail.known ? line : ""} rail={rail} forget={beginning.forget} />
  ) : undefined;
  return (
    <main id="main" data-page="run" data-state={shown.state} tabIndex={-1} className={`run-page ${width}`}>
      <h1 className="unseen">Run</h1>
      {!phone && <SpecRail {...rail} />}
      {id === undefined ? (
        <Idle folded={folded} asking={asking} />
      ) : (
        <RunView
          id={id}
          width={width}
          title={rail.known ? title : ""}
          line={rail.known ? line : ""}
          reused={shown.reused}
          engine={shown.engine}
          snapshot={shown.told?.header.snapshot}
          year={yearOf(shown.told?.header)}
          filtering={filtering}
          filter={filter}
          cancel={() => beginning.cancel(id)}
          resume={() => beginning.resume(id)}
          folded={folded}
        />
      )}
      {phone && <RunBar rail={rail} />}
    </main>
  );
}
