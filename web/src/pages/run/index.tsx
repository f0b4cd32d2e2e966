/** Run: the spec at the left, the whole market's answer while it is made. */
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import type { Schema } from "../../api/ask";
import { announce } from "../../parts/announce";
import { Dialog } from "../../parts/dialog";
import { Fault } from "../../parts/fault";
import { useHeld } from "../../parts/held";
import { useKeys } from "../../parts/keys";
import { useWidth } from "../../parts/layout";
import { yearInWords } from "../../parts/metrics";
import { costsText } from "../../parts/spec";
import { useBeginning } from "./beginning";
import { useRunState } from "./following";
import { useHeldBars, useKept, useRunning, useStrategies, useUniverses } from "./market";
import { EVERYTHING } from "./order";
import { refusalOf } from "./refusal";
import { RunView } from "./run_view";
import { chosen, showAfresh, wanted } from "./shown";
import { endOfBar, type Form, fromSpec, rangeOf, titleOf } from "./spec";
import { useSpec } from "./spec_held";
import { countOf, RunButton, SpecRail, type SpecRailProps } from "./spec_rail";
import { EmptyStore, EmptyUniverse, type Lacking, lackingOf, NothingRun } from "./states";
import "./run.css";

const NONE: readonly Schema["UniverseFacts"][] = [];

/** What is known of the run that is shown: as it was begun here, else as it is kept. */
function useTold(id: string | undefined) {
  const state = useRunState(id);
  const [begun, setBegun] = useState<Schema["RunBegun"] | undefined>(undefined);
  const here = begun?.id === id ? begun : undefined;
  const going = state === "running" || state === "offline";
  const { data, isError } = useKept(id !== undefined && (here === undefined || !going) ? id : undefined);
  const kept = data?.run === id ? data : undefined;
  return {
    ...{ state, going, setBegun, told: here ?? kept, reused: here?.reused ?? false, engine: kept?.key.engine ?? "" },
    waits: id !== undefined && here === undefined && kept === undefined && !isError,
  };
}

/** The form, what it can be run on, and how it is begun. */
function useAsking(id: string | undefined, shown: ReturnType<typeof useTold>) {
  const [, go] = useLocation();
  const strategies = useStrategies();
  const { data: universes, error } = useUniverses();
  const installed = useMemo(() => strategies.map((one) => one.name), [strategies]);
  const { form, change, own, ready } = useSpec(id, shown.told?.spec, universes ?? NONE, installed);
  const held = useHeldBars(form);
  const beginning = useBeginning((run) => {
    own(run.id);
    shown.setBegun(run.told);
    if (run.id !== id) showAfresh();
    if (run.told?.reused) announce("An equal run is kept; its results are shown.");
    go(`/runs/${run.id}`, { replace: true });
  });
  const bare = universes?.every((one) => one.instruments === 0) ?? false;
  const lacking = lackingOf(form, held);
  const refused = refusalOf(form, universes, held, bare, lacking);
  const now = useRef({ form, refused, beginning });
  now.current = { form, refused, beginning };
  const run = useCallback(() => {
    if (now.current.refused === "") now.current.beginning.begin(now.current.form);
  }, []);
  const changed = useCallback(
    (next: Form) => {
      now.current.beginning.forget();
      change(next);
    },
    [change],
  );
  const rail: SpecRailProps = {
    ...{ form, change: changed, strategies, universes: universes ?? NONE, held, refused, run },
    known: strategies.length > 0 && (ready || bare) && !shown.waits,
    problem: beginning.problem,
    busy: beginning.busy,
  };
  const of = useMemo(() => (shown.told ? fromSpec(shown.told.spec, installed) : form), [shown.told, form, installed]);
  return { rail, of, beginning, bare, lacking, error };
}

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
  const width = useWidth();
  const shown = useTold(id);
  const asking = useAsking(id, shown);
  const { rail, of, beginning } = asking;
  const [filtering, filter] = useState(false);
  useKeys([{ press: "mod+Enter", does: "run", typing: true, act: rail.run }]);
  useClosing(filtering, filter, () => {
    if (id !== undefined && shown.going) beginning.cancel(id);
  });
  const phone = width === "phone";
  const title = titleOf(of, rail.strategies.find((one) => one.name === of.strategy)?.parameters ?? []);
  const line = lineOf(of, shown.told?.header, phone ? (countOf(of, rail.universes) ?? 0) : 0);
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

/** Nothing is run yet, or nothing can be. */
function Idle({ folded, asking }: { folded: ReactNode; asking: ReturnType<typeof useAsking> }) {
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
function RunBar({ rail }: { rail: SpecRailProps }) {
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
function Folded({ title, line, rail, forget }: FoldedProps) {
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

/** `365.25 · 24 periods a year`; empty where the instruments' calendars differ. */
function yearOf(header: Schema["RunHeader"] | undefined): string {
  if (!header?.periods_a_year || !header.days_a_year) return "";
  return yearInWords({ periods_a_year: header.periods_a_year, days_a_year: header.days_a_year });
}

/** `demo · 1h · 2019-01-01 → 2024-01-01 UTC · 10 + 2 bps`; `count` is said where it is not 0. */
function lineOf(form: Form, header: Schema["RunHeader"] | undefined, count: number): string {
  const market = form.universe || form.symbols;
  const interval = form.settings.interval || header?.interval || "";
  const range = rangeOf(form, header?.first ?? "", endOfBar(header?.last ?? "", interval));
  return [count ? `${market} ${count}` : market, interval, range, costsText(form.settings.fee, form.settings.slippage)]
    .filter(Boolean)
    .join(" · ");
}
