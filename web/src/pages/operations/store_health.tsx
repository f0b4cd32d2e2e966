/** Whether each thing that the service stands on does its work, and what the process takes. */
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import { Facts, Part } from "./part";
import type { Moment } from "./health";

const TONES: Record<Schema["Dependency"]["state"], string> = { ok: "gain", degraded: "warn", down: "loss" };
const MARKS: Record<Schema["Dependency"]["state"], string> = { ok: "✓", degraded: "⚑", down: "✕" };

export function StoreHealth({ operations, readiness }: Moment) {
  const { process, disk_free_bytes, up_s, version } = operations;
  return (
    <Part name="health" title="Store health" command="tapehead doctor">
      <p data-ready={readiness.ready} className={readiness.ready ? "" : "loss"}>
        {readiness.draining ? "Ends: takes no more runs." : readiness.ready ? "Ready." : "Not ready."}
      </p>
      <table className="list">
        <thead>
          <tr>
            <th>Check</th>
            <th>State</th>
            <th>What was found</th>
          </tr>
        </thead>
        <tbody>
          {readiness.dependencies.map(({ name, state, text }) => (
            <tr key={name} data-check={name} data-check-state={state}>
              <td>{name.replaceAll("_", " ")}</td>
              <td className={TONES[state]}>
                {MARKS[state]} {state}
              </td>
              <td className="found">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Facts
        facts={[
          ["disk_free_bytes", "Free on the disk", disk_free_bytes, format.bytes],
          ["process.resident_bytes", "Memory", process.resident_bytes, format.bytes],
          ["process.cpu_s", "Processor time", process.cpu_s, (value) => format.duration(value * 1000)],
          ["process.threads", "Threads", process.threads, format.count],
          ["process.open_files", "Open files", process.open_files, format.count],
          ["process.loop_lag_ms", "Event loop late by", process.loop_lag_ms, format.duration],
          ["up_s", "Up", up_s, (value) => format.duration(value * 1000)],
        ]}
      />
      <p className="hint">
        Version {version}. Who has the database open: <code>tapehead db status</code>. Every segment against its hash:{" "}
        <code>tapehead store verify</code>. Whether anything grows: <code>make soak</code>.
      </p>
    </Part>
  );
}
