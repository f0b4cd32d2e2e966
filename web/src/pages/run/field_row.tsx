/** A row of the form: label, control with its unit or its bounds, what is wrong with it. */
import { type ReactNode, useId, useState } from "react";

interface Labelled {
  label: string;
  fault?: string | undefined;
}

function Row({ label, fault, id, children }: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className="row">
      <label htmlFor={id}>{label}</label>
      <div className="control">{children}</div>
      {fault && (
        <p className="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

export interface TextRowProps extends Labelled {
  name: string;
  value: string;
  change: (name: string, value: string) => void;
  /** What stands where nothing was typed: the default. */
  otherwise?: string;
  unit?: string;
  /** Shown instead of the unit while one types: `2 to 200`. */
  bounds?: string;
  numeric?: boolean;
}

export function TextRow({ label, fault, name, value, change, otherwise, unit, bounds, numeric }: TextRowProps) {
  const id = useId();
  const [on, setOn] = useState(false);
  const within = (on && bounds) || unit;
  return (
    <Row label={label} fault={fault} id={id}>
      <input
        id={id}
        name={name}
        className="field"
        value={value}
        placeholder={otherwise}
        inputMode={numeric ? "decimal" : undefined}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={fault ? true : undefined}
        aria-describedby={[bounds ? `${id}-within` : "", fault ? `${id}-fault` : ""].join(" ").trim() || undefined}
        onChange={(event) => change(name, event.target.value)}
        onFocus={() => setOn(true)}
        onBlur={() => setOn(false)}
      />
      {within && (
        <span className="within" aria-hidden="true">
          {within}
        </span>
      )}
      {bounds && (
        <span className="unseen" id={`${id}-within`}>
          {[bounds, unit].filter(Boolean).join(" ")}
        </span>
      )}
    </Row>
  );
}

export interface ChoiceRowProps extends Labelled {
  name: string;
  value: string;
  change: (name: string, value: string) => void;
  choices: readonly { value: string; text: string }[];
  unit?: string;
}

export function ChoiceRow({ label, fault, name, value, change, choices, unit }: ChoiceRowProps) {
  const id = useId();
  return (
    <Row label={label} fault={fault} id={id}>
      <select
        id={id}
        name={name}
        className="field"
        value={value}
        aria-invalid={fault ? true : undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        onChange={(event) => change(name, event.target.value)}
      >
        {!choices.some((one) => one.value === value) && <option value={value}>{value}</option>}
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.text}
          </option>
        ))}
      </select>
      <span className="within" aria-hidden="true">
        {unit ? `${unit} ⌄` : "⌄"}
      </span>
    </Row>
  );
}
