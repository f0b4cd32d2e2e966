/** The form of a sweep: strategies whose parameters may hold several values, how sets are searched, and the rest of a run. */
import { several } from "../../parts/format";
import { ChoiceRow, TextRow } from "../run/field_row";
import { countOf as instrumentsOf, labelOf, type SpecRailProps, useSetting } from "../run/spec_rail";
import { isSeveral } from "./axis";
import { rowsOf, setsOf, strategiesOf } from "./form";

const SEARCHES = [
  { value: "", text: "All sets" },
  { value: "random", text: "Random" },
  { value: "halving", text: "Halving" },
  { value: "bayes", text: "Bayesian" },
];
/** Metrics that a cell has and of which more is better. */
const OBJECTIVES = ["total_return", "cagr", "sortino", "calmar", "win_rate", "profit_factor", "expectancy"];

export function SweepRows(props: SpecRailProps) {
  return (
    <>
      <StrategiesRows {...props} />
      <SearchRows {...props} />
    </>
  );
}

function StrategiesRows({ form, change, strategies, problem }: SpecRailProps) {
  const chosen = strategiesOf(form);
  const rows = rowsOf(form, strategies);
  const others = strategies.filter((one) => !chosen.includes(one.name));
  const turn = (names: readonly string[]) => change({ ...form, strategy: names.join(","), parameters: {} });
  const choices = strategies.map((one) => ({ value: one.name, text: one.name }));
  return (
    <>
      {chosen.map((name, place) => (
        <fieldset key={name}>
          <legend className="group">{place === 0 ? "Strategy" : `And ${name}`}</legend>
          <ChoiceRow
            label="Strategy"
            name="strategy"
            value={name}
            change={(_, other) => turn(chosen.map((one, at) => (at === place ? other : one)))}
            choices={choices.filter((one) => one.value === name || !chosen.includes(one.value))}
            fault={place === 0 ? problem?.of("strategy") : undefined}
          />
          {rows
            .filter((one) => one.strategy === name)
            .map(({ name: named, facts }) => (
              <TextRow
                key={named}
                label={labelOf(facts.name)}
                name={named}
                value={form.parameters[named] ?? String(facts.default)}
                change={(_, value) => change({ ...form, parameters: { ...form.parameters, [named]: value } })}
                otherwise={String(facts.default)}
                bounds={facts.low !== null && facts.high !== null ? `${facts.low} to ${facts.high}` : ""}
                unit={isSeveral(form.parameters[named] ?? "") ? "varies" : ""}
                fault={problem?.of(facts.name)}
              />
            ))}
          {place === chosen.length - 1 && (
            <p className="strategies">
              {others.length > 0 && (
                <select
                  className="field"
                  aria-label="Another strategy"
                  value=""
                  onChange={(event) => turn([...chosen, event.target.value])}
                >
                  <option value="">Another strategy…</option>
                  {others.map((one) => (
                    <option key={one.name}>{one.name}</option>
                  ))}
                </select>
              )}
              {chosen.length > 1 && (
                <button type="button" className="link" onClick={() => turn(chosen.slice(0, -1))}>
                  Without {name}
                </button>
              )}
            </p>
          )}
        </fieldset>
      ))}
    </>
  );
}

function SearchRows(props: SpecRailProps) {
  const { form, problem } = props;
  const setting = useSetting(props);
  const objectives = OBJECTIVES.map((name) => ({ value: name, text: labelOf(name) }));
  const drawn = Boolean(form.settings.search);
  return (
    <fieldset>
      <legend className="group">Search</legend>
      <TextRow
        {...setting("where", "Where")}
        otherwise="fast < slow"
        fault={problem?.of("where") ? problem.message : undefined}
      />
      <ChoiceRow {...setting("search", "Search")} choices={SEARCHES} />
      {(drawn || problem?.of("budget") || form.settings.budget) && (
        <TextRow {...setting("budget", "Budget")} otherwise="sets" unit="sets" numeric />
      )}
      {(drawn || form.settings.seed) && <TextRow {...setting("seed", "Seed")} otherwise="7" numeric />}
      <ChoiceRow {...setting("objective", "Objective")} choices={[{ value: "", text: "Sharpe" }, ...objectives]} />
    </fieldset>
  );
}

/** `100 sets × 48 instruments: 4,800 backtests`; `where` may take some out. */
export function Size({ form, universes, known }: Pick<SpecRailProps, "form" | "universes" | "known">) {
  const sets = setsOf(form);
  const many = instrumentsOf(form, universes);
  const most = form.settings.where?.trim() ? "at most " : "";
  const text =
    known && sets !== undefined && many !== undefined
      ? `${most}${several(sets, "set")} × ${several(many, "instrument")}: ${several(sets * many, "backtest")}`
      : "";
  return (
    <p className="hint size" data-sets={sets} data-cells={sets === undefined ? undefined : sets * (many ?? 0)}>
      <span key={text}>{text}</span>
    </p>
  );
}
