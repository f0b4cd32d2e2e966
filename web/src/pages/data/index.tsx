/** Data: files come in by drop, each looked at before it is kept; what came, what is held, and the way back. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "../../api/ask";
import * as format from "../../parts/format";
import { useHeld } from "../../parts/held";
import { ArrivalPart } from "./arrival";
import { arrivals, bring, isGoing } from "./arrivals";
import { Coverage } from "./coverage";
import { DropZone } from "./drop_zone";
import { Imports } from "./imports";
import "./data.css";

export default function DataPage() {
  const files = useHeld(arrivals);
  const { data } = useQuery({
    queryKey: ["held"],
    queryFn: () => body(api.GET("/api/v1/instruments", { params: { query: { has_data: true, limit: 1 } } })),
  });
  const empty = data?.instruments.length === 0;
  const going = files.find(isGoing);
  const waiting = files.filter((each) => each.step === "waiting").length;
  const ready = files.filter((each) => each.step === "looked").map((each) => each.number);
  return (
    <main id="main" className="data" data-page="data" data-state={going ? "running" : "idle"} tabIndex={-1}>
      <h1 className="unseen">Data</h1>
      <div className="coming">
        <DropZone empty={empty} />
        {(going || waiting > 0) && files.length > 1 && (
          <p className="hint" data-queue={waiting}>
            {going ? `${going.file.name}; ` : ""}
            {format.several(waiting, "file")} more to go
          </p>
        )}
        {ready.length > 1 && (
          <button type="button" className="primary" onClick={() => bring(ready)}>
            Import all {format.count(ready.length)}
          </button>
        )}
        {files.map((one) => (
          <ArrivalPart key={one.number} one={one} />
        ))}
        <Coverage />
      </div>
      <Imports />
    </main>
  );
}
