/** The cache tiers: how often each answered, and what it holds. */
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import { Part } from "./part";

function TierRow({ tier }: { tier: Schema["Tier"] }) {
  const asked = tier.hits + tier.misses;
  const share = asked === 0 ? null : tier.hits / asked;
  const numbers = { size_bytes: tier.size_bytes, limit_bytes: tier.limit_bytes };
  return (
    <tr data-tier={tier.name}>
      <td>
        {tier.name}
        {tier.degraded && <span className="warn"> {tier.degraded}</span>}
      </td>
      <td
        className="number"
        data-metric="hit_share"
        data-value={share ?? ""}
        title={share === null ? "Nothing was read" : ""}
      >
        {share === null ? "–" : format.share(share)}
      </td>
      <td className="number" data-metric="hits" data-value={tier.hits}>
        {format.count(tier.hits)}
      </td>
      <td className="number" data-metric="misses" data-value={tier.misses}>
        {format.count(tier.misses)}
      </td>
      {Object.entries(numbers).map(([name, value]) => (
        <td key={name} className="number" data-metric={name} data-value={value}>
          {format.bytes(value)}
        </td>
      ))}
    </tr>
  );
}

export function Tiers({ tiers }: { tiers: Schema["Operations"]["tiers"] }) {
  return (
    <Part name="tiers" title="Tiers" command="tapehead store stats">
      <table className="list">
        <thead>
          <tr>
            <th>Tier</th>
            <th className="number">Hit %</th>
            <th className="number">Hits</th>
            <th className="number">Misses</th>
            <th className="number">Holds</th>
            <th className="number">May hold</th>
          </tr>
        </thead>
        <tbody>
          {tiers.map((tier) => (
            <TierRow key={tier.name} tier={tier} />
          ))}
        </tbody>
      </table>
    </Part>
  );
}
