/** Which metrics the table shows. */
import { Dialog } from "../../parts/dialog";
import { useHeld } from "../../parts/held";
import { METRICS } from "../../parts/metrics";
import { columns, FIRST_COLUMNS } from "./shown";

export function Columns({ close }: { close: () => void }) {
  const now = useHeld(columns);
  const turn = (name: string) => {
    const wanted = now.includes(name) ? now.filter((one) => one !== name) : [...now, name];
    columns.set(METRICS.map((one) => one.name).filter((one) => wanted.includes(one)));
  };
  return (
    <Dialog title="Columns" close={close}>
      <div className="column-list">
        {METRICS.map((one) => (
          <label key={one.name} title={one.means}>
            <input type="checkbox" checked={now.includes(one.name)} onChange={() => turn(one.name)} />
            {one.label}
          </label>
        ))}
      </div>
      <p className="buttons">
        <button type="button" className="button" onClick={() => columns.set(FIRST_COLUMNS)}>
          As it was
        </button>{" "}
        <button type="button" className="button" onClick={close}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
