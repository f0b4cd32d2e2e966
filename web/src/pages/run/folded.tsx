/** Parts that the pages of a run and of a sweep share: nothing is run yet, and the form as a phone shows it. */
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../../parts/dialog";
import { Fault } from "../../parts/fault";
import type { useAsking } from "./asking";
import { useRunning } from "./market";
import { RunButton, SpecRail, type SpecRailProps } from "./spec_rail";
import { EmptyStore, EmptyUniverse, type Lacking, NothingRun } from "./states";

/** Nothing is run yet, or nothing can be. */
export function Idle({ folded, asking }: { folded: ReactNode; asking: ReturnType<typeof useAsking> }) {
  const [, go] = useLocation();
  const running = useRunning(true);
  const { rail, bare, lacking, error } = asking;
  const use = ({ start, end }: Lacking) =>
    rail.change({ ...rail.form, settings: { ...rail.form.settings, start, end } });
  return (
    <section className="middle">
      {folded}
      {error ? (
        <Fault fault={error} />
      ) : bare ? (
        <EmptyStore />
      ) : lacking ? (
        <EmptyUniverse lacking={lacking} use={() => use(lacking)} />
      ) : (
        <NothingRun running={running} show={(found) => go(`/runs/${found}`)} />
      )}
    </section>
  );
}

/** The button of a phone, at the lower edge. */
export function RunBar({ rail }: { rail: SpecRailProps }) {
  return (
    <form
      className="run-bar"
      onSubmit={(event) => {
        event.preventDefault();
        rail.run();
      }}
    >
      <RunButton {...rail} />
    </form>
  );
}

interface FoldedProps {
  title: string;
  line: string;
  rail: SpecRailProps;
  forget: () => void;
}

/** The spec of a phone: two lines, and a sheet to change it; what does not fit opens the sheet. */
export function Folded({ title, line, rail, forget }: FoldedProps) {
  const [editing, edit] = useState(false);
  const close = () => {
    edit(false);
    forget();
  };
  const run = () => {
    edit(false);
    rail.run();
  };
  return (
    <div className="folded">
      <p>
        <b>{title}</b>
        <button type="button" className="link" onClick={() => edit(true)}>
          Edit
        </button>
      </p>
      <p className="hint">{line}</p>
      {(editing || rail.problem !== undefined) && (
        <Dialog title="Spec" close={close}>
          <button type="button" className="button close" onClick={close}>
            Close
          </button>
          <SpecRail {...rail} run={run} />
        </Dialog>
      )}
    </div>
  );
}
