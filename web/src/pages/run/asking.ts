/** What is asked and what is shown of a run: the form, what it can be run on, how it is begun, what is known of it. */
import { useCallback, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { Schema } from "../../api/ask";
import { announce } from "../../parts/announce";
import { yearInWords } from "../../parts/metrics";
import { costsText, ELSEWHERE } from "../../parts/spec";
import { useBeginning } from "./beginning";
import { useRunState } from "./following";
import { useHeldBars, useKept, useStrategies, useUniverses } from "./market";
import { refusalOf } from "./refusal";
import { showAfresh } from "./shown";
import { endOfBar, type Form, rangeOf } from "./spec";
import { type Desk, useSpec } from "./spec_held";
import type { SpecRailProps } from "./spec_rail";
import { lackingOf } from "./states";

const NONE: readonly Schema["UniverseFacts"][] = [];

/** What is known of the run that is shown: as it was begun here, else as it is kept. */
export function useTold(id: string | undefined) {
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
export function useAsking(id: string | undefined, shown: ReturnType<typeof useTold>, desk: Desk) {
  const [, go] = useLocation();
  const strategies = useStrategies();
  const { data: universes, error } = useUniverses();
  const installed = useMemo(() => strategies.map((one) => one.name), [strategies]);
  const { form, change, own, ready } = useSpec(id, shown.told?.spec, universes ?? NONE, installed, desk);
  const held = useHeldBars(form);
  const beginning = useBeginning((run) => {
    own(run.id);
    shown.setBegun(run.told);
    if (run.id !== id) showAfresh();
    if (run.told?.reused) announce("An equal run is kept; its results are shown.");
    go(desk.path(run.id), { replace: true });
  }, desk.toRequest);
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
  const of = useMemo(
    () => (shown.told ? desk.fromSpec(shown.told.spec, installed) : form),
    [shown.told, form, installed, desk],
  );
  return { rail, of, beginning, bare, lacking, error };
}

/** `365.25 · 24 periods a year`; empty where the instruments' calendars differ. */
export function yearOf(header: Schema["RunHeader"] | undefined): string {
  if (!header?.periods_a_year || !header.days_a_year) return "";
  return yearInWords({ periods_a_year: header.periods_a_year, days_a_year: header.days_a_year });
}

/** `demo · 1h · 2019-01-01 → 2024-01-01 UTC · 10 + 2 bps`; `count` is said where it is not 0. */
export function lineOf(form: Form, header: Schema["RunHeader"] | undefined, count: number): string {
  const market = form.universe || form.symbols;
  const interval = form.settings.interval || header?.interval || "";
  const range = rangeOf(form, header?.first ?? "", endOfBar(header?.last ?? "", interval));
  const elsewhere = header?.stamps.some((stamp) => stamp.startsWith("made elsewhere"));
  const costs = elsewhere ? ELSEWHERE : costsText(form.settings.fee, form.settings.slippage);
  return [count ? `${market} ${count}` : market, interval, range, costs].filter(Boolean).join(" · ");
}
