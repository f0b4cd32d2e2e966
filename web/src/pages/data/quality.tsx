/** What an import saw of its files: defect, count, first example, what was done; nothing that is zero. */
import type { components } from "../../api/schema";
import * as format from "../../parts/format";
import type { Report } from "./upload";

type FileReport = components["schemas"]["FileCounts"];
type Counted = Exclude<keyof FileReport, "path" | "examples" | "guesses" | "looks_wrong">;

const DEFECTS: readonly [name: Counted, text: string, done: string][] = [
  ["nulls", "no usable price or time", "set aside"],
  ["duplicates", "exact duplicate", "one kept"],
  ["conflicting", "same time, other values", "last one counts"],
  ["out_of_order", "out of order", "sorted"],
  ["ohlc_violations", "high or low contradicts", "flagged suspect"],
  ["missing", "bar missing", "nothing filled"],
  ["jumps", "jump as of a wrong unit", "kept"],
  ["zero_volume", "bar without volume", "not traded in"],
  ["partial", "unfinished last bar", "flagged partial"],
  ["superseded", "differs from what is held", "new one counts"],
  ["quarantined", "set aside in all", "in quarantine"],
];

function countOf(name: Counted, file: FileReport): number {
  return name === "missing" ? file.missing - file.confirmed_empty : file[name];
}

/** The first row that has a defect: its number in the file, its symbol where there are several, its time. */
function firstOf(name: Counted, file: FileReport): { words: string[]; hover: string } {
  const example = file.examples[name]?.[0];
  if (example === undefined) return { words: [], hover: "" };
  const symbol = file.symbols > 1 ? example.symbol : "";
  const at = example.time === null ? "" : format.time(example.time, "UTC", false).replace(/ 00:00$/, "");
  return { words: [`row ${format.count(example.row)}`, symbol, at].filter(Boolean), hover: example.text };
}

export function Quality({ file }: { file: FileReport }) {
  const rows = DEFECTS.filter(([name]) => countOf(name, file) > 0);
  return (
    <div className="quality" data-quality={file.path}>
      <p>
        <span data-value={file.rows}>{format.several(file.rows, "row")}</span>,{" "}
        <span data-value={file.kept}>{format.several(file.kept, "bar")} kept</span>,{" "}
        {format.several(file.symbols, "instrument")}
      </p>
      {file.guesses.length > 0 && (
        <ul className="guesses" aria-label="Guessed">
          {file.guesses.map((guess) => (
            <li key={guess} className="hint">
              {guess}
            </li>
          ))}
        </ul>
      )}
      {rows.length === 0 ? (
        <p className="hint">No defect was found.</p>
      ) : (
        <table className="list">
          <thead>
            <tr>
              <th>Defect</th>
              <th className="number">Count</th>
              <th>First example (UTC)</th>
              <th>What was done</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, text, done]) => {
              const first = firstOf(name, file);
              return (
                <tr key={name} data-defect={name}>
                  <td>{name === "missing" ? `${text}, ${format.several(file.gaps, "hole")}` : text}</td>
                  <td className="number" data-value={countOf(name, file)}>
                    {format.count(countOf(name, file))}
                  </td>
                  <td title={first.hover}>
                    {first.words.map((word) => (
                      <span key={word}>
                        <span className="whole">{word}</span>{" "}
                      </span>
                    ))}
                  </td>
                  <td className="dim">{done}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {file.confirmed_empty > 0 && (
        <p className="hint">
          Confirmed empty by the source: {format.several(file.confirmed_empty, "step")} without a bar.
        </p>
      )}
      {file.looks_wrong.map((text) => (
        <p key={text} className="wrong">
          <span className="warn" aria-hidden="true">
            ⚑
          </span>{" "}
          {text}
        </p>
      ))}
    </div>
  );
}

/** Everything that one import told: each of its files, and what of a folder was passed over. */
export function ImportReport({ report }: { report: Report }) {
  const skipped = Object.entries(report.skipped);
  const many = report.files.length > 1;
  return (
    <>
      {report.files.map((file) => (
        <section key={file.path}>
          {many && <h3 className="group">{file.path}</h3>}
          <Quality file={file} />
        </section>
      ))}
      {skipped.length > 0 && (
        <p className="hint">
          Files of the folders passed over: {skipped.map(([reason, count]) => `${count} ${reason}`).join(", ")}.
        </p>
      )}
    </>
  );
}

/** What an import did to the store, in one line. */
export function outcome({ total }: Report): string {
  const { symbols, added, unchanged, superseded } = total;
  const sums = `${format.several(added, "bar")} added, ${format.count(unchanged)} unchanged`;
  return `${format.several(symbols, "instrument")}: ${sums}, ${format.count(superseded)} superseded`;
}
