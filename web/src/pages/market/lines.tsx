/** Up to three indicators below the candles, with their parameters. */
import { useEffect, useState } from "react";
import { sentenceOf } from "../../parts/fault";
import * as format from "../../parts/format";
import { INKS, type ReadLines } from "./chart";
import { type Indicator, type Line, useIndicators } from "./listed";

const MOST = 3;

interface Props {
  lines: readonly Line[];
  change: (lines: readonly Line[]) => void;
  read: ReadLines;
}

function defaults(one: Indicator): Record<string, number> {
  return Object.fromEntries(one.parameters.map(({ name, default: value }) => [name, Number(value)]));
}

export function Lines({ lines, change, read }: Props) {
  const known = useIndicators().data ?? [];
  const set = (place: number, next: Line) => change(lines.map((line, at) => (at === place ? next : line)));
  return (
    <div className="market-lines" role="group" aria-label="Indicators">
      {lines.map((line, place) => (
        <LineForm
          key={`${place} ${line.indicator}`}
          line={line}
          ends={read.ends[place] ?? {}}
          facts={known.find((one) => one.name === line.indicator)}
          change={(next) => set(place, next)}
          drop={() => change(lines.filter((_, at) => at !== place))}
        />
      ))}
      {lines.length < MOST && (
        <select
          className="field"
          aria-label="Add an indicator"
          value=""
          onChange={(event) => {
            const one = known.find((each) => each.name === event.target.value);
            if (one) change([...lines, { indicator: one.name, parameters: defaults(one) }]);
          }}
        >
          <option value="">Add an indicator</option>
          {known.map((one) => (
            <option key={one.name} value={one.name} title={one.summary}>
              {one.name}
            </option>
          ))}
        </select>
      )}
      {read.fault != null && (
        <p className="loss" role="alert" data-fault="indicator">
          {sentenceOf(read.fault)}
        </p>
      )}
    </div>
  );
}

interface FormProps {
  line: Line;
  facts: Indicator | undefined;
  ends: Record<string, number | null>;
  change: (line: Line) => void;
  drop: () => void;
}

function LineForm({ line, facts, ends, change, drop }: FormProps) {
  return (
    <span className="market-line" data-line={line.indicator}>
      <span title={facts?.summary}>{line.indicator}</span>
      {facts?.parameters.map((one) => (
        <NumberField
          key={one.name}
          label={`${line.indicator} ${one.name}`}
          name={one.name}
          low={one.low}
          high={one.high}
          whole={one.kind === "int"}
          value={line.parameters[one.name] ?? Number(one.default)}
          change={(value) => change({ ...line, parameters: { ...line.parameters, [one.name]: value } })}
        />
      ))}
      {Object.entries(ends).map(([name, value], at) => (
        <span
          key={name}
          className="hint"
          style={{ color: `var(--${INKS[at] ?? "text3"})` }}
          data-end={name}
          data-value={value ?? ""}
          title={`${value ?? "not known yet"}`}
        >
          {Object.keys(ends).length > 1 && `${name} `}
          {value === null ? "–" : format.price(value)}
        </span>
      ))}
      <button type="button" className="button" aria-label={`Remove ${line.indicator}`} onClick={drop}>
        Remove
      </button>
    </span>
  );
}

interface NumberProps {
  label: string;
  name: string;
  low: number | null;
  high: number | null;
  whole: boolean;
  value: number;
  change: (value: number) => void;
}

/** A number that is taken once it fits; out of its bounds it is marked, and the bound is said. */
function NumberField({ label, name, low, high, whole, value, change }: NumberProps) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText((now) => (Number(now) === value ? now : String(value))), [value]);
  const fits = (typed: string) => {
    const number = Number(typed);
    return (
      typed.trim() !== "" &&
      Number.isFinite(number) &&
      (!whole || Number.isInteger(number)) &&
      number >= (low ?? -Infinity) &&
      number <= (high ?? Infinity)
    );
  };
  const bound = `${whole ? "a whole number" : "a number"} from ${low ?? "−∞"}${high === null ? " up" : ` to ${high}`}`;
  return (
    <label className="label">
      {name}{" "}
      <input
        className="field"
        inputMode="decimal"
        aria-label={label}
        aria-invalid={!fits(text)}
        title={`${name}: ${bound}`}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          if (fits(event.target.value)) change(Number(event.target.value));
        }}
      />
      {!fits(text) && (
        <span className="loss" role="alert">
          {name} must be {bound}
        </span>
      )}
    </label>
  );
}
