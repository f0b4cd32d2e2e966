/** What is asked of a sweep, in the form that a backtest has too: a parameter may hold several values. */
import type { Schema } from "../../api/ask";
import { type Spec, valuesText } from "../../parts/spec";
import {
  type Asked,
  type Form,
  fromSearch,
  fromSpec,
  installedAs,
  numberOr,
  SETTINGS,
  toRequest,
  toSearch,
} from "../run/spec";
import type { Desk } from "../run/spec_held";
import { countOf, isSeveral } from "./axis";

/** What a sweep has beside the settings of a backtest. */
export const SEARCH = ["where", "search", "budget", "objective", "seed"] as const;
/** By its name in a grid. */
const STRATEGY = "strategy";
const NAMES: ReadonlySet<string> = new Set([...SETTINGS, ...SEARCH]);

const FIRST: Form = {
  strategy: "SmaCross",
  parameters: { fast: "5:50:5", slow: "20:200:20" },
  universe: "",
  symbols: "",
  settings: { fee: "10", where: "fast < slow" },
};

export const SWEEP: Desk = {
  first: FIRST,
  own: /^\/sweep(\/[^/]+)?$/,
  path: (run) => (run === undefined ? "/sweep" : `/sweep/${run}`),
  fromSearch: (search) => fromSearch(search, NAMES),
  fromSpec: fromSweep,
  toRequest: toSweep,
};

/** Names of the strategies of a form; several stand in it with commas between. */
export function strategiesOf(form: Form): string[] {
  return form.strategy.split(",").filter(Boolean);
}

/** A parameter as the form, an address and the service name it: of several strategies with its strategy. */
export interface Row {
  name: string;
  facts: Schema["ParameterFacts"];
  strategy: string;
}

export function rowsOf(form: Form, known: readonly Schema["StrategyFacts"][]): Row[] {
  const names = strategiesOf(form);
  return names.flatMap((strategy) =>
    (known.find((one) => one.name === strategy)?.parameters ?? []).map((facts) => ({
      name: names.length > 1 ? `${strategy}.${facts.name}` : facts.name,
      facts,
      strategy,
    })),
  );
}

/** What the service is asked. */
export function toSweep(form: Form): Asked {
  const names = strategiesOf(form);
  const varied = Object.entries(form.parameters).filter(([, text]) => isSeveral(text));
  const fixed = Object.fromEntries(Object.entries(form.parameters).filter(([, text]) => !isSeveral(text)));
  const { where, search, objective, ...settings } = form.settings;
  const words = Object.entries({ where, search, objective }).filter(([, text]) => text?.trim());
  return {
    ...toRequest({ ...form, parameters: fixed, settings }),
    strategy: names.length > 1 ? names : form.strategy,
    grid: Object.fromEntries(varied.map(([name, text]) => [name, text.trim()])),
    ...Object.fromEntries(words.map(([name, text]) => [name, (text ?? "").trim()])),
  } as Asked;
}

/** The form of a spec as the service tells it. */
function fromSweep(spec: Spec, installed: readonly string[]): Form {
  const grid = { ...((spec.grid ?? {}) as Record<string, unknown[]>) };
  const several = grid[STRATEGY]?.map(String);
  delete grid[STRATEGY];
  const form = fromSpec(spec, installed);
  const own = (name: string) => {
    const dot = several ? name.lastIndexOf(".") : -1;
    return dot < 0 ? name : `${installedAs(name.slice(0, dot), installed)}.${name.slice(dot + 1)}`;
  };
  const search = SEARCH.filter((name) => spec[name] !== undefined && spec[name] !== null && spec[name] !== "");
  return {
    ...form,
    strategy: several ? several.map((name) => installedAs(name, installed)).join(",") : form.strategy,
    parameters: Object.fromEntries([
      ...Object.entries(form.parameters).map(([name, text]) => [own(name), text]),
      ...Object.entries(grid).map(([name, values]) => [own(name), valuesText(values)]),
    ]),
    settings: { ...form.settings, ...Object.fromEntries(search.map((name) => [name, String(spec[name])])) },
  };
}

/** How many sets a form spans before `where` takes some out; undefined where a text cannot be read. */
export function setsOf(form: Form): number | undefined {
  let sum = 0;
  for (const strategy of strategiesOf(form)) {
    let sets = 1;
    for (const [name, text] of Object.entries(form.parameters)) {
      if (name.includes(".") && !name.startsWith(`${strategy}.`)) continue;
      const count = text.trim() === "" ? 1 : countOf(text);
      if (count === undefined) return undefined;
      sets *= count;
    }
    sum += sets;
  }
  const budget = numberOr(form.settings.budget ?? "");
  return typeof budget === "number" && form.settings.search ? Math.min(sum, budget) : sum;
}

/** Whether anything varies. */
export function varies(form: Form): boolean {
  return strategiesOf(form).length > 1 || Object.values(form.parameters).some(isSeveral);
}

/** The address, without its page, of one set as a backtest of its own: on all instruments, or on the one that is named. */
export function aloneOf(form: Form, set: Readonly<Record<string, unknown>>): (instrument?: string) => string {
  const { [STRATEGY]: strategy = form.strategy, ...values } = set;
  const settings = Object.entries(form.settings).filter(([name]) => !(SEARCH as readonly string[]).includes(name));
  const prefix = `${String(strategy)}.`;
  const own = strategiesOf(form).length > 1;
  const fixed = Object.entries(form.parameters)
    .filter(([name, text]) => !isSeveral(text) && (!own || name.startsWith(prefix)))
    .map(([name, text]) => [own ? name.slice(prefix.length) : name, text] as const);
  const alone: Form = {
    ...form,
    strategy: String(strategy),
    settings: Object.fromEntries(settings),
    parameters: {
      ...Object.fromEntries(fixed),
      ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
    },
  };
  return (instrument) => toSearch(instrument === undefined ? alone : { ...alone, universe: "", symbols: instrument });
}

/** `SmaCross fast 5:50:5 slow 20:200:20`, as the service writes it. */
export function titleOf(form: Form): string {
  const given = Object.entries(form.parameters)
    .filter(([, text]) => text.trim())
    .map(([name, text]) => `${name}=${text.trim()}`);
  return [strategiesOf(form).join(" + "), ...given].join(" ");
}
