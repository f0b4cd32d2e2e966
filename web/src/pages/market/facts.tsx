/** What is known of an instrument, and of each series that is held of it. */
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import type { Instrument } from "./listed";

type Covered = Schema["SeriesCoverage"];

function plain(value: number): string {
  return value > 0 ? format.price(value, value) : "unknown";
}

export function Facts({ instrument, series }: { instrument: Instrument; series: readonly Covered[] }) {
  const facts: [string, string, string | number][] = [
    ["Tick", plain(instrument.tick), instrument.tick],
    ["Lot", plain(instrument.lot), instrument.lot],
    ["Multiplier", String(instrument.multiplier), instrument.multiplier],
    ["Quote", instrument.quote || "unknown", instrument.quote],
    ["Calendar", instrument.calendar, instrument.calendar],
    ["Volume", instrument.has_volume ? "yes" : "none", String(instrument.has_volume)],
    ["Listed", instrument.listed_at ? format.day(instrument.listed_at) : "unknown", instrument.listed_at ?? ""],
    ["Delisted", instrument.delisted_at ? format.day(instrument.delisted_at) : "no", instrument.delisted_at ?? ""],
  ];
  return (
    <div className="market-facts">
      <dl>
        {facts.map(([name, text, raw]) => (
          <div key={name}>
            <dt className="label">{name}</dt>
            <dd data-fact={name.toLowerCase()} data-value={raw}>
              {text}
            </dd>
          </div>
        ))}
      </dl>
      {series.length > 0 && (
        <div className="scroll market-series" tabIndex={0} role="region" aria-label="Series that are held">
          <table className="list">
            <thead>
              <tr>
                <th>Bars of</th>
                <th>First (UTC)</th>
                <th>Last (UTC)</th>
                <th className="number">Bars</th>
                <th className="number">Missing</th>
                <th className="number">Holes</th>
                <th className="number">Confirmed empty</th>
                <th className="number">Suspect</th>
                <th className="number">Not traded</th>
              </tr>
            </thead>
            <tbody>
              {series.map((each) => (
                <tr key={each.interval} data-series={each.interval}>
                  <td>{each.interval}</td>
                  <td>{format.barTime(each.first, each.interval, "UTC", false)}</td>
                  <td>{format.barTime(each.last, each.interval, "UTC", false)}</td>
                  {(["bars", "missing", "gaps", "empty", "suspect", "untraded"] as const).map((name) => (
                    <td
                      key={name}
                      className={`number ${name === "bars" || each[name] === 0 ? "" : name === "empty" ? "" : "warn"}`}
                      data-metric={name}
                      data-value={each[name]}
                    >
                      {format.count(each[name])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
