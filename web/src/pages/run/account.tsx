/** Of a portfolio: what the one account came to, and where its trades and orders are. */
import { Link } from "wouter";
import type { Result } from "../../api/events";
import type { Run } from "../../api/feed";
import * as format from "../../parts/format";
import { metricOf, written } from "../../parts/metrics";

const unsigned = (value: number) => format.share(value);

export function Account({ run, account }: { run: Run; account: Result | undefined }) {
  if (!account) return <section className="one-account" />;
  const { metrics, flags } = account;
  const asked = (run.started?.spec.portfolio ?? {}) as Record<string, unknown>;
  const currency = typeof asked.currency === "string" ? ` ${asked.currency}` : "";
  const told = (name: string) => {
    const one = metricOf(name);
    const { text, raw } = written(one, metrics, account.why);
    return raw === null ? text : text + (one.unit ? ` ${one.unit}` : "");
  };
  const number = (name: string, write: (value: number) => string) => {
    const value = metrics[name];
    return typeof value === "number" ? write(value) : "–";
  };
  const rows = [
    ["Begins with", format.money(account.equity[0] ?? 0) + currency],
    ["At the end", format.money(account.final_equity) + currency],
    ["Total return", told("total_return")],
    ["Max drawdown", told("max_drawdown")],
    ["Sharpe", told("sharpe")],
    [
      "Positions",
      `${number("positions_mean", (value) => format.ratio(value, false))} on average, at most ${number("positions_most", format.count)}`,
    ],
    ["Invested", `${number("exposure_mean", unsigned)} % of equity`],
    ["Least cash", number("cash_least", format.money)],
    ["Fees paid", told("fees_paid")],
  ];
  const refused = flags.filter((flag) => flag.startsWith("no_")).map((flag) => flag.replaceAll("_", " "));
  return (
    <section className="one-account" data-account>
      <h2 className="group">
        Account{" "}
        <Link className="link" href={`/runs/${run.id}/account`}>
          Equity and trades
        </Link>
      </h2>
      <dl className="account">
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">
        {refused.length > 0 && `Orders ended as ${refused.join(", ")}. `}
        Every order: <code>tapehead show {run.id} account --orders</code>. Run at the left gives each instrument a cash
        of its own.
      </p>
    </section>
  );
}
