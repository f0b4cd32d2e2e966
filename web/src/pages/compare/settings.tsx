/** The settings of two runs in one table; those that differ are amber. */
import { Link } from "wouter";
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import { settingText, type Spec } from "../../parts/spec";

type Facts = Schema["RunFacts"];

const FIRST = ["strategy", "interval", "universe", "symbols", "start", "end", "fee", "slippage"];

function flat(spec: Spec): Spec {
  const { parameters, ...rest } = spec;
  return {
    ...rest,
    ...Object.fromEntries(
      Object.entries((parameters ?? {}) as Spec).map(([name, value]) => [`parameters.${name}`, value]),
    ),
  };
}

function ranked(name: string): number {
  if (name.startsWith("parameters.")) return 0.5;
  const place = FIRST.indexOf(name);
  return place < 0 ? FIRST.length : place;
}

interface Line {
  name: string;
  a: string;
  b: string;
  differs: boolean;
}

function linesOf(a: Facts, b: Facts, differing: Schema["SpecDifference"][]): Line[] {
  const [left, right] = [flat(a.spec), flat(b.spec)];
  const apart = new Set(differing.map((each) => each.name));
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  names.sort((x, y) => ranked(x) - ranked(y) || x.localeCompare(y));
  const settings = names.map((name) => {
    return {
      name,
      a: settingText(name, left[name], left),
      b: settingText(name, right[name], right),
      differs: apart.has(name),
    };
  });
  const digests = (["data", "strategy", "engine"] as const).map((part) => ({
    name: { data: "data read", strategy: "strategy's code", engine: "engine" }[part],
    a: a.key[part].slice(0, 8),
    b: b.key[part].slice(0, 8),
    differs: a.key[part] !== b.key[part],
  }));
  const started = {
    name: "started (UTC)",
    a: format.time(a.created_at, "UTC", false),
    b: format.time(b.created_at, "UTC", false),
    differs: false,
  };
  return [...settings, ...digests, started];
}

export function Settings({ a, b, differing }: { a: Facts; b: Facts; differing: Schema["SpecDifference"][] }) {
  return (
    <table className="list compare-settings" aria-label="Settings side by side">
      <thead>
        <tr>
          <th>Setting</th>
          {[a, b].map((run, place) => (
            <th key={run.run}>
              <Link href={`/runs/${run.run}`}>
                {"AB"[place]} <span className="id">{format.shortId(run.run)}</span>
              </Link>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {linesOf(a, b, differing).map((line) => (
          <tr key={line.name} data-setting={line.name} data-differs={line.differs}>
            <th scope="row">{line.name.replace("parameters.", "")}</th>
            <td className={line.differs ? "warn" : ""}>{line.a}</td>
            <td className={line.differs ? "warn" : ""}>
              {line.b}
              {line.differs && <span className="unseen"> differs</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
