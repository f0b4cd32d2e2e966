/** A run that is shown: strip, table and pictures, beside each other or as tabs. */
import { type ReactNode, useState } from "react";
import { Fault } from "../../parts/fault";
import type { Width } from "../../parts/layout";
import { FilterBar } from "./filter_bar";
import { useRun } from "./following";
import { usePaced } from "./pace";
import { Picture } from "./picture";
import { Strip } from "./strip";
import { Table } from "./table";

const RAIL = 288;
/** No multiple of what the table is paced by, so that the two seldom fall into one frame. */
const PICTURED_EVERY_MS = 330;

interface RunViewProps {
  id: string;
  width: Width;
  title: string;
  line: string;
  reused: boolean;
  engine: string;
  snapshot: number | undefined;
  /** By how many periods a year is reckoned, in words; empty where that is not known yet. */
  year: string;
  filtering: boolean;
  filter: (on: boolean) => void;
  cancel: () => void;
  resume: () => void;
  folded?: ReactNode;
}

export function RunView(props: RunViewProps) {
  const { width, filtering, filter } = props;
  const run = useRun(props.id);
  const pictured = usePaced(run, PICTURED_EVERY_MS, run.id);
  const [tab, setTab] = useState<"results" | "picture">("results");
  if (run.problem) {
    return (
      <section className="middle">
        {props.folded}
        <Fault fault={run.problem} />
      </section>
    );
  }
  const picture = (across: number) => (
    <Picture run={pictured} width={across} engine={props.engine} snapshot={props.snapshot} />
  );
  const tabs = width !== "wide" && (
    <div className="tabs" role="tablist" aria-label="What is shown of the run">
      {(["results", "picture"] as const).map((one) => (
        <button key={one} type="button" role="tab" aria-selected={tab === one} onClick={() => setTab(one)}>
          {one === "results" ? "Results" : "Picture"}
        </button>
      ))}
    </div>
  );
  const asTable = width === "wide" || tab === "results";
  return (
    <>
      <section className="middle">
        <Strip {...props} run={run} phone={width === "phone"} />
        {tabs}
        {asTable && <FilterBar typing={filtering} close={() => filter(false)} />}
        {asTable && <Table run={run} phone={width === "phone"} year={props.year} filter={() => filter(true)} />}
        {!asTable && <div className="picture scroll">{picture(Math.min(innerWidth - 32, 440))}</div>}
      </section>
      {width === "wide" && (
        <aside className="picture scroll" aria-label="Picture">
          {picture(RAIL)}
        </aside>
      )}
    </>
  );
}
