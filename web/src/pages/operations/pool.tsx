/** The threads that compute, shared by all runs, and what goes over the line. */
import type { Schema } from "../../api/ask";
import * as format from "../../parts/format";
import { Facts, Part } from "./part";

const seconds = (value: number) => format.duration(value * 1000);

export function Pool({ operations }: { operations: Schema["Operations"] }) {
  const { pool, traffic } = operations;
  return (
    <Part name="pool" title="Pool and streams" command={`tapehead serve --workers ${pool.workers}`}>
      <Facts
        facts={[
          ["pool.workers", "Threads", pool.workers, format.count],
          ["pool.running", "Tasks computed now", pool.running, format.count],
          ["pool.waiting", "Tasks that wait", pool.waiting, format.count],
          ["pool.done", "Tasks done", pool.done, format.count],
          ["pool.busy_s", "Time computed, all threads", pool.busy_s, seconds],
          ["pool.waited_s", "Time that tasks waited", pool.waited_s, seconds],
          ["traffic.streams_open", "Streams open", traffic.streams_open, format.count],
          ["traffic.events_sent", "Events sent", traffic.events_sent, format.count],
          ["traffic.requests_open", "Requests open", traffic.requests_open, format.count],
          ["traffic.stream_bytes", "Sent on streams", traffic.stream_bytes, format.bytes],
          ["traffic.plain_bytes", "Sent otherwise", traffic.plain_bytes, format.bytes],
        ]}
      />
    </Part>
  );
}
