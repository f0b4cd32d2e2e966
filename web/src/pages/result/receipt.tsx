/** What the run can be made again from, to read and to copy. */
import { useState } from "react";
import { sentenceOf } from "../../parts/fault";
import { useReceipt } from "./asked";

export function ReceiptPart({ run, state }: { run: string; state: string }) {
  const { data, error } = useReceipt(run, state);
  const [copied, setCopied] = useState(false);
  if (error) return <Part>{<p className="hint">{sentenceOf(error)}</p>}</Part>;
  if (!data) return <Part />;
  const copy = () => {
    void navigator.clipboard?.writeText(JSON.stringify(data, null, 2)).then(() => setCopied(true));
  };
  const segments = Object.values(data.segments).reduce((sum, each) => sum + each.length, 0);
  const rows: [string, string][] = [
    ["Receipt", data.receipt],
    ["Digest", `${data.digest.slice(0, 16)}…`],
    ["Snapshot", String(data.snapshot)],
    ["Segments", String(segments)],
    ["Machine", Object.values(data.platform).join(" ")],
    [
      "Versions",
      Object.entries(data.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(" · "),
    ],
    ...data.stamps.map((stamp): [string, string] => ["Stamp", stamp]),
  ];
  return (
    <Part>
      <dl className="receipt" data-receipt={data.receipt}>
        {rows.map(([name, value]) => (
          <div key={name + value}>
            <dt>{name}</dt>
            <dd className="id">{value}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button" onClick={copy}>
        {copied ? "Copied" : "Copy"}
      </button>
    </Part>
  );
}

function Part({ children }: { children?: React.ReactNode }) {
  return (
    <section aria-label="Receipt" className="receipt-part">
      <h2 className="group">Receipt</h2>
      {children}
    </section>
  );
}
