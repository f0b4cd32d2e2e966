/** Operations: cache tiers, jobs, the pool and the health of the store, as the service tells them now. */
import { Fault } from "../../parts/fault";
import { useMoments } from "./health";
import { Jobs } from "./jobs";
import { Pool } from "./pool";
import { StoreHealth } from "./store_health";
import { Tiers } from "./tiers";
import "./operations.css";

export default function OperationsPage() {
  const { data, error, away } = useMoments();
  const state = away ? "offline" : data && data.operations.queue.active > 0 ? "running" : "idle";
  return (
    <main
      id="main"
      className="operations"
      data-page="operations"
      data-state={state}
      data-moment={data?.operations.up_s}
      tabIndex={0}
    >
      <h1 className="unseen">Operations</h1>
      {error && !data && <Fault fault={error} />}
      {data && (
        <>
          <Tiers tiers={data.operations.tiers} />
          <Jobs operations={data.operations} />
          <Pool operations={data.operations} />
          <StoreHealth {...data} />
        </>
      )}
    </main>
  );
}
