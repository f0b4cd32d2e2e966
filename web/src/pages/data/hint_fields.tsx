/** What the user knows of a file, to correct what was guessed of it. */
import type { Hints } from "./upload";

const KINDS = ["crypto", "equity", "index", "fx", "future", "option"];
const UNITS = ["s", "ms", "us", "ns"];
const TEXTS: readonly { name: keyof Hints; label: string; example: string }[] = [
  { name: "symbol", label: "Symbol", example: "BTCUSDT" },
  { name: "venue", label: "Venue", example: "binance" },
  { name: "interval", label: "Interval", example: "1h" },
  { name: "tz", label: "Zone", example: "UTC" },
  { name: "quote", label: "Currency", example: "USD" },
  { name: "columns", label: "Columns", example: "ts=date,close=c" },
];

/** The hints that stand in a form. */
export function hintsOf(form: HTMLFormElement): Hints {
  const given = new FormData(form);
  const hints: Record<string, string> = {};
  for (const [name, value] of given) if (typeof value === "string" && value.trim()) hints[name] = value.trim();
  return hints as Hints;
}

function Choice({ name, label, words, chosen }: { name: string; label: string; words: string[]; chosen: string }) {
  return (
    <label data-hint={name}>
      <span className="label">{label}</span>
      <select className="field" name={name} defaultValue={chosen}>
        <option value="">as guessed</option>
        {words.map((word) => (
          <option key={word}>{word}</option>
        ))}
      </select>
    </label>
  );
}

/** `asked` are the hints that a refusal wants; they are marked. */
export function HintFields({ hints, asked }: { hints: Hints; asked: readonly (keyof Hints)[] }) {
  return (
    <div className="hints">
      {TEXTS.map(({ name, label, example }) => (
        <label key={name} data-hint={name} data-asked={asked.includes(name) || undefined}>
          <span className="label">{label}</span>
          <input
            className="field"
            name={name}
            defaultValue={hints[name] ?? ""}
            placeholder={example}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={asked.includes(name) || undefined}
          />
        </label>
      ))}
      <Choice name="kind" label="Kind" words={KINDS} chosen={hints.kind ?? ""} />
      <Choice name="unit" label="Unit of times" words={UNITS} chosen={hints.unit ?? ""} />
      {(asked.includes("supersede") || hints.supersede) && (
        <label className="wide" data-hint="supersede">
          <input type="checkbox" name="supersede" value="true" defaultChecked={hints.supersede === "true"} /> Let bars
          that differ replace those that are held
        </label>
      )}
    </div>
  );
}
