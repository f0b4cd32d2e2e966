/** Run: the spec at the left, the whole market's answer while it is made. */
import { useCallback, useMemo, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import type { Schema } from "../../api/ask";
import { announce } from "../../parts/announce";
import { Dialog } from "../../parts/dialog";
import { Fault } from "../../parts/fault";
import { useHeld } from "../../parts/held";
import { useKeys } from "../../parts/keys";
import { useBeginning } from "./beginning";
import { useRunState } from "./following";
import { useWidth } from "./layout";
import { type Held, useHeldBars, useKept, useRunning, useStrategies, useUniverses } from "./market";
import { EVERYTHING } from "./order";
import { RunView } from "./run_view";
import { chosen, showAfresh, wanted } from "./shown";
import { costsOf, endOfBar, type Form, fromSpec, rangeOf, titleOf } from "./spec";
import { useSpec } from "./spec_held";
import { countOf, RunButton, SpecRail, type SpecRailProps } from "./spec_rail";
import { EmptyStore, EmptyUniverse, lackingOf, NothingRun } from "./states";
import "./run.css";

export function RunPage() {
  const { run: id } = useParams<{ run?: string }>();
  const [, go] = useLocation();
  const width = useWidth();
  const phone = width === "phone";
  const state = useRunState(id);
  const [begun, setBegun] = useState<Schema["RunBegun"] | undefined>(undefined);
  const here = begun?.id === id ? begun : undefined;
  const ended = state !== "running" && state !== "offline";
  const { data: kept, isError: unknown } = useKept(id !== undefined && (here === undefined || ended) ? id : undefined);
  const told = here ?? (kept?.run === id ? kept : undefined);
  const strategies = useStrategies();
  const universes = useUniverses();
  const { form, change, own, ready } = useSpec(id, told?.spec, universes.data ?? []);
  const held = useHeldBars(form);
  const running = useRunning(id === undefined);
  const beginning = useBeginning((run) => {
    own(run.id);
    setBegun(run);
    if (run.id !== id) showAfresh();
    if (run.reused) announce("An equal run is kept; its results are shown.");
    go(`/runs/${run.id}`, { replace: true });
  });
  const lacking = lackingOf(form, held);
  const bare = universes.data?.every((one) => one.instruments === 0) ?? false;
  const refused = refusalOf(form, universes.data, held, bare, lacking?.text);
  const [filtering, filter] = useState(false);
  const [editing, edit] = useState(false);
  const filtered = useHeld(wanted) !== EVERYTHING;
  const now = useRef({ form, refused, beginning });
  now.current = { form, refused, beginning };
  const run = useCallback(() => {
    edit(false);
    if (now.current.refused === "") now.current.beginning.begin(now.current.form);
  }, []);
  const changed = useCallback(
    (next: Form) => {
      now.current.beginning.forget();
      change(next);
    },
    [change],
  );
  useKeys([
    { press: "mod+Enter", does: "run", typing: true, act: run },
    {
      press: "Escape",
      does: "close, cancel",
      typing: true,
      act: () => {
        if (filtering || filtered) {
          filter(false);
          wanted.set(EVERYTHING);
        } else if (document.activeElement?.matches("input, select")) (document.activeElement as HTMLElement).blur();
        else if (chosen.get() !== undefined) chosen.set(undefined);
        else if (id !== undefined && !ended) beginning.cancel(id);
      },
    },
  ]);
  const of = useMemo(() => (told ? fromSpec(told.spec) : form), [told, form]);
  const parameters = strategies.find((one) => one.name === of.strategy)?.parameters ?? [];
  const rail: SpecRailProps = {
    form,
    change: changed,
    strategies,
    universes: universes.data ?? NONE,
    known: strategies.length > 0 && (ready || bare) && (id === undefined || told !== undefined || unknown),
    held,
    problem: beginning.problem,
    refused,
    busy: beginning.busy,
    run,
  };
  const line = lineOf(of, told?.header, phone ? (countOf(of, universes.data) ?? 0) : 0);
  const folded = phone && <Folded title={titleOf(of, parameters)} line={line} edit={() => edit(true)} />;
  return (
    <main id="main" data-page="run" data-state={state} tabIndex={-1} className={`run-page ${width}`}>
      <h1 className="unseen">Run</h1>
      {!phone && <SpecRail {...rail} />}
      {id === undefined ? (
        <section className="middle">
          {folded}
          {universes.error ? (
            <Fault fault={universes.error} />
          ) : bare ? (
            <EmptyStore />
          ) : lacking ? (
            <EmptyUniverse
              lacking={lacking}
              use={() => changed({ ...form, settings: { ...form.settings, start: lacking.start, end: lacking.end } })}
            />
          ) : (
            <NothingRun running={running} show={(found) => go(`/runs/${found}`)} />
          )}
        </section>
      ) : (
        <RunView
          key={id}
          id={id}
          width={width}
          title={titleOf(of, parameters)}
          line={line}
          reused={here?.reused ?? false}
          engine={kept?.key.engine ?? ""}
          snapshot={told?.header.snapshot}
          filtering={filtering}
          filter={filter}
          cancel={() => beginning.cancel(id)}
          resume={() => beginning.resume(id)}
          folded={folded || undefined}
        />
      )}
      {phone && (
        <form
          className="run-bar"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <RunButton {...rail} />
        </form>
      )}
      {phone && (editing || beginning.problem !== undefined) && (
        <Dialog
          title="Spec"
          close={() => {
            edit(false);
            beginning.forget();
          }}
        >
          <SpecRail {...rail} />
        </Dialog>
      )}
    </main>
  );
}

const NONE: readonly Schema["UniverseFacts"][] = [];

function Folded({ title, line, edit }: { title: string; line: string; edit: () => void }) {
  return (
    <div className="folded">
      <p>
        <b>{title}</b>
        <button type="button" className="link" onClick={edit}>
          Edit
        </button>
      </p>
      <p className="hint">{line}</p>
    </div>
  );
}

/** The spec in a line; `count` is said where it is not 0. */
function lineOf(form: Form, header: Schema["RunHeader"] | undefined, count: number): string {
  const market = form.universe || form.symbols;
  const interval = form.settings.interval || header?.interval || "";
  const range = rangeOf(form, header?.first ?? "", endOfBar(header?.last ?? "", interval));
  return [count ? `${market} ${count}` : market, interval, range, costsOf(form)].filter(Boolean).join(" · ");
}

/** Why it cannot be run now; empty where it can. */
function refusalOf(
  form: Form,
  universes: readonly Schema["UniverseFacts"][] | undefined,
  held: Held | undefined,
  bare: boolean,
  lacking: string | undefined,
): string {
  if (bare) return "The store holds no bars yet.";
  if (countOf(form, universes) === 0) {
    return form.universe ? `${form.universe} has no instruments.` : "Name a symbol, or choose a universe.";
  }
  if (lacking) return lacking;
  if (held && held.intervals.length > 1 && !form.settings.interval) return "Choose an interval: there are several.";
  return "";
}
