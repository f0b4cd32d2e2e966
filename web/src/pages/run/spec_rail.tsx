/** The form of a spec: strategy, market, costs, orders, and the button that says what it will do. */
import { memo, type ReactNode, useEffect, useState } from "react";
import type { Schema } from "../../api/ask";
import type { Problem } from "../../api/problem";
import { day, several } from "../../parts/format";
import { printed } from "../../parts/key_list";
import { ChoiceRow, TextRow } from "./field_row";
import type { Held } from "./market";
import { type Form, endOfBar, furtherSettings, shortest, symbolsOf } from "./spec";
import "./spec_rail.css";

const SHOWN = ["interval", "start", "end", "fee", "slippage", "fill", "size", "side", "stop_loss", "take_profit"];
const FILLS = [
  { value: "", text: "Next open" },
  { value: "close", text: "Close" },
];
const SIDES = [
  { value: "", text: "Long" },
  { value: "short", text: "Short" },
  { value: "both", text: "Both" },
];
const NAMED = "symbols:";
const SAID_AFTER_MS = 300;

export interface SpecRailProps {
  form: Form;
  change: (form: Form) => void;
  strategies: readonly Schema["StrategyFacts"][];
  universes: readonly Schema["UniverseFacts"][];
  /** Whether it is known what can be run on what: rows that came one after the other would push each other around. */
  known: boolean;
  held: Held | undefined;
  problem: Problem | undefined;
  /** Why it cannot be run; empty where it can. */
  refused: string;
  busy: boolean;
  run: () => void;
  /** Instead of the rows of one strategy with one value a parameter. */
  strategyRows?: ReactNode;
  /** What the button does, without on what; `Run` where it is not said. */
  verb?: string;
  /** Said above the button. */
  above?: ReactNode;
  /** Further fields that have a row. */
  further?: readonly string[];
}

export const SpecRail = memo(function SpecRail(props: SpecRailProps) {
  const { busy: _busy, refused: _refused, run: _run, known: _known, ...rows } = props;
  return (
    <form
      className="spec-rail"
      aria-label="Spec"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        props.run();
      }}
    >
      <div className="rows scroll">{props.known && <Rows {...rows} />}</div>
      <RunButton {...props} />
    </form>
  );
});

type RowsProps = Omit<SpecRailProps, "busy" | "refused" | "run" | "known">;

/** They stay as they are while a run is begun and ends. */
const Rows = memo(function Rows(props: RowsProps) {
  return (
    <>
      {props.strategyRows ?? <StrategyRows {...props} />}
      <MarketRows {...props} />
      <CostRows {...props} />
      <OrderRows {...props} />
    </>
  );
});

/** `over_sold` as a label. */
export function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function useSetting({ form, change, problem }: RowsProps) {
  const set = (name: string, value: string) => change({ ...form, settings: { ...form.settings, [name]: value } });
  return (name: string, label: string) => ({
    name,
    label,
    value: form.settings[name] ?? "",
    change: set,
    fault: problem?.of(name),
  });
}

function StrategyRows({ form, change, strategies, problem }: RowsProps) {
  const chosen = strategies.find((one) => one.name === form.strategy);
  return (
    <fieldset>
      <legend className="group">Strategy</legend>
      <ChoiceRow
        label="Strategy"
        name="strategy"
        value={form.strategy}
        change={(_, strategy) => change({ ...form, strategy, parameters: {} })}
        choices={strategies.map((one) => ({ value: one.name, text: one.name }))}
        fault={problem?.of("strategy")}
      />
      {chosen?.parameters.map((one) => (
        <TextRow
          key={one.name}
          label={labelOf(one.name)}
          name={one.name}
          value={form.parameters[one.name] ?? String(one.default)}
          change={(name, value) => change({ ...form, parameters: { ...form.parameters, [name]: value } })}
          otherwise={String(one.default)}
          bounds={one.low !== null && one.high !== null ? `${one.low} to ${one.high}` : ""}
          unit={one.kind === "int" && one.name.endsWith("period") ? "bars" : ""}
          numeric={one.kind !== "str"}
          fault={problem?.of(one.name)}
        />
      ))}
    </fieldset>
  );
}

function MarketRows(props: RowsProps) {
  const { form, change, universes, held, problem } = props;
  const setting = useSetting(props);
  const chosen = universes.find((one) => one.name === form.universe);
  const interval = held?.intervals.find((one) => one.interval === form.settings.interval) ?? held?.intervals[0];
  const range = interval && { first: day(interval.first), end: shortest(endOfBar(interval.last, interval.interval)) };
  const choices = universes.map((one) => ({ value: one.name, text: one.name }));
  return (
    <fieldset>
      <legend className="group">Market</legend>
      <ChoiceRow
        label="Universe"
        name="universe"
        value={form.universe || NAMED}
        change={(_, name) => change({ ...form, universe: name === NAMED ? "" : name })}
        choices={[...choices, { value: NAMED, text: "Symbols" }]}
        unit={form.universe ? String(chosen?.instruments ?? "") : ""}
        fault={problem?.of("universe")}
      />
      {form.universe === "" && (
        <TextRow
          label="Symbols"
          name="symbols"
          value={form.symbols}
          change={(_, symbols) => change({ ...form, symbols })}
          otherwise="BTCUSDT, ETHUSDT"
          fault={problem?.of("symbols")}
        />
      )}
      <ChoiceRow
        {...setting("interval", "Interval")}
        value={form.settings.interval || (held?.intervals.length === 1 ? (interval?.interval ?? "") : "")}
        choices={[
          ...(held?.intervals.length === 1 ? [] : [{ value: "", text: "Choose" }]),
          ...(held?.intervals ?? []).map((one) => ({ value: one.interval, text: one.interval })),
        ]}
      />
      <TextRow {...setting("start", "From (UTC)")} otherwise={range?.first ?? ""} />
      <TextRow {...setting("end", "To, excluded")} otherwise={range?.end ?? ""} />
    </fieldset>
  );
}

function CostRows(props: RowsProps) {
  const setting = useSetting(props);
  return (
    <fieldset>
      <legend className="group">Costs</legend>
      <TextRow {...setting("fee", "Fee")} otherwise="0" unit={unitOf(props.form, "fee", "bps a side")} numeric />
      <TextRow
        {...setting("slippage", "Slippage")}
        otherwise="0"
        unit={unitOf(props.form, "slippage", "bps")}
        numeric
      />
    </fieldset>
  );
}

function OrderRows(props: RowsProps) {
  const setting = useSetting(props);
  return (
    <fieldset>
      <legend className="group">Orders</legend>
      <ChoiceRow {...setting("fill", "Fill")} choices={FILLS} />
      <TextRow {...setting("size", "Size")} otherwise="100" unit={unitOf(props.form, "size", "% of equity")} numeric />
      <ChoiceRow {...setting("side", "Side")} choices={SIDES} />
      <TextRow
        {...setting("stop_loss", "Stop")}
        otherwise="none"
        unit={unitOf(props.form, "stop_loss", "% below")}
        numeric
      />
      <TextRow
        {...setting("take_profit", "Target")}
        otherwise="none"
        unit={unitOf(props.form, "take_profit", "% above")}
        numeric
      />
      {furtherSettings(props.form, [...SHOWN, ...(props.further ?? [])]).map((name) => (
        <TextRow key={name} {...setting(name, labelOf(name))} otherwise="default" />
      ))}
    </fieldset>
  );
}

/** The unit of a plain number; text that brings its own unit stands alone. */
function unitOf(form: Form, name: string, unit: string): string {
  return /[^\d.\s]/.test(form.settings[name] ?? "") ? "" : unit;
}

/** How many instruments a spec is on; undefined while that is not known. */
export function countOf(form: Form, universes: readonly Schema["UniverseFacts"][] | undefined): number | undefined {
  if (form.universe === "") return symbolsOf(form).length;
  return universes?.find((one) => one.name === form.universe)?.instruments ?? undefined;
}

export function RunButton(props: SpecRailProps) {
  const { form, universes, known, refused, busy, problem, verb = "Run", further = [] } = props;
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!busy) return;
    const timer = setTimeout(() => setSlow(true), SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, [busy]);
  const many = known ? countOf(form, universes) : undefined;
  const what = many === undefined ? verb : `${verb} on ${several(many, "instrument")}`;
  const elsewhere =
    problem && (problem.fields.length === 0 || problem.fields.some((one) => !isShown(form, one.field, further)));
  return (
    <div className="run-button">
      {props.above}
      {elsewhere && (
        <p className="fault" role="alert">
          {problem.message}
        </p>
      )}
      <button type="submit" className="primary" disabled={!known || refused !== ""} aria-busy={busy}>
        <span key={slow ? "planning" : what}>{slow ? "Planning the run…" : what}</span>
        {known && (
          <span className="keys" aria-hidden="true">
            {printed("mod+Enter").join(" ")}
          </span>
        )}
      </button>
      {known && refused && <p className="hint">{refused}</p>}
    </div>
  );
}

/** Whether a field has a row that can say what is wrong with it. */
function isShown(form: Form, field: string, further: readonly string[]): boolean {
  const name = field.slice(field.lastIndexOf(".") + 1);
  const shown = [...SHOWN, ...further, "strategy", "universe", ...(form.universe ? [] : ["symbols"])];
  return shown.includes(name) || name in form.settings || name in form.parameters;
}
