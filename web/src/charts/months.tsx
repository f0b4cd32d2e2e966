/** Returns by month as a heat map: a row a year, twelve months and the year's total, in whole percent. */
import * as format from "../parts/format";
import "./months.css";

export interface YearOfMonths {
  year: number;
  returns: readonly (number | null)[];
  total: number | null;
}

const NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The 95th of a hundred sizes: what takes the full colour. */
export function fullAt(years: readonly YearOfMonths[]): number {
  const sizes = years
    .flatMap(({ returns }) => returns)
    .flatMap((each) => (each === null ? [] : [Math.abs(each)]))
    .sort((a, b) => a - b);
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * 0.95))] ?? 0;
}

function Cell({ value, full, name, month }: { value: number | null; full: number; name: string; month: string }) {
  if (value === null) return <td className="number none" />;
  const share = full > 0 ? Math.min(1, Math.abs(value) / full) : 0;
  const ink = value < 0 ? "--loss" : "--gain";
  return (
    <td
      className="number"
      data-month={month}
      data-value={value}
      title={`${name}: ${format.percent(value)} %`}
      style={{
        background: `color-mix(in oklab, var(${ink}) calc(var(--heat-most) * ${share.toFixed(3)}), var(--raised))`,
      }}
    >
      {format.share(value)}
    </td>
  );
}

export function Months({ years }: { years: readonly YearOfMonths[] }) {
  const full = fullAt(years);
  return (
    <table className="months" aria-label="Return by month, %">
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">Year</span>
          </th>
          {NAMES.map((name) => (
            <th key={name} scope="col" abbr={name}>
              {name[0]}
            </th>
          ))}
          <th scope="col">Year</th>
        </tr>
      </thead>
      <tbody>
        {years.map(({ year, returns, total }) => (
          <tr key={year}>
            <th scope="row">{year}</th>
            {returns.map((value, month) => (
              <Cell
                key={NAMES[month]}
                value={value}
                full={full}
                name={`${NAMES[month]} ${year}`}
                month={`${year}-${String(month + 1).padStart(2, "0")}`}
              />
            ))}
            <td className="number total" data-month={String(year)} data-value={total ?? undefined}>
              {total === null ? "–" : format.share(total)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
