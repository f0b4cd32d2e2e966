/** Sweep: many sets of parameters on every instrument, as a map that fills while they are scored. */
import { useEffect } from "react";
import { useLocation, useParams } from "wouter";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { isSweep } from "../../parts/spec";
import { lineOf, useAsking, useTold } from "../run/asking";
import { Folded, Idle, RunBar } from "../run/folded";
import { countOf, SpecRail, type SpecRailProps } from "../run/spec_rail";
import { SEARCH, SWEEP, titleOf, varies } from "./form";
import { Size, SweepRows } from "./sweep_rail";
import { SweepView } from "./sweep_view";
import "../run/run.css";
import "./sweep.css";

/** Esc first leaves what is typed, then cancels. */
function useClosing(cancel: () => void): void {
  const act = () => {
    const typing = document.activeElement;
    if (typing instanceof HTMLElement && typing.matches("input, select")) typing.blur();
    else cancel();
  };
  useKeys([{ press: "Escape", does: "close, cancel", typing: true, act }]);
}

export default function SweepPage() {
  const { run: id } = useParams<{ run?: string }>();
  const [, go] = useLocation();
  const width = useWidth();
  const shown = useTold(id);
  const asking = useAsking(id, shown, SWEEP);
  const { of, beginning } = asking;
  const isBacktest = shown.told !== undefined && !isSweep(shown.told.spec);
  useEffect(() => {
    if (isBacktest) go(`/runs/${id}`, { replace: true });
  }, [isBacktest, id, go]);
  const { form } = asking.rail;
  const refused = asking.rail.refused || (varies(form) ? "" : "Give a parameter several values, such as 5:50:5.");
  const run = () => {
    if (refused === "") asking.rail.run();
  };
  const rail: SpecRailProps = {
    ...asking.rail,
    ...{ refused, run, verb: "Sweep", further: SEARCH },
    strategyRows: <SweepRows {...asking.rail} />,
    above: <Size {...asking.rail} />,
  };
  useKeys([{ press: "mod+Enter", does: "sweep", typing: true, act: run }]);
  useClosing(() => {
    if (id !== undefined && shown.going) beginning.cancel(id);
  });
  const phone = width === "phone";
  const title = rail.known ? titleOf(of) : "";
  const header = shown.told?.header;
  const line = rail.known ? lineOf(of, header, phone ? (countOf(of, rail.universes) ?? 0) : 0) : "";
  const folded = phone ? <Folded title={title} line={line} rail={rail} forget={beginning.forget} /> : undefined;
  return (
    <main id="main" data-page="sweep" data-state={shown.state} tabIndex={-1} className={`run-page sweep-page ${width}`}>
      <h1 className="unseen">Sweep</h1>
      {!phone && <SpecRail {...rail} />}
      {id === undefined ? (
        <Idle folded={folded} asking={asking} />
      ) : (
        <SweepView
          key={id}
          id={id}
          width={width}
          title={title}
          line={line}
          reused={shown.reused}
          objective={String(shown.told?.spec.objective ?? "sharpe")}
          instruments={header?.instruments ?? 0}
          form={of}
          cancel={() => beginning.cancel(id)}
          resume={() => beginning.resume(id)}
          folded={folded}
        />
      )}
      {phone && <RunBar rail={rail} />}
    </main>
  );
}
