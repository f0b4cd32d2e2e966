/** What the map shows: which metric and statistic, over which axes, and where the other ones stand. */
import { useId } from "react";
import { metricOf } from "../../parts/metrics";
import type { Statistic, Surface } from "./asked";
import { STATISTICS } from "./cells";
import { type Plane, valueText } from "./plane";

/** Those that a cell keeps. */
const METRICS = [
  ...["sharpe", "total_return", "cagr", "sortino", "calmar", "max_drawdown", "trades", "win_rate", "profit_factor"],
  ...["expectancy", "exposure", "open_profit"],
];

interface MapBarProps {
  surface: Surface;
  plane: Plane;
  turn: (change: Partial<Plane> & { places?: readonly number[] }) => void;
  metric: string;
  statistic: Statistic;
  chooseMetric: (name: string) => void;
  chooseStatistic: (name: Statistic) => void;
}

export function MapBar({ surface, plane, turn, metric, statistic, chooseMetric, chooseStatistic }: MapBarProps) {
  const { part, across, down, at } = plane;
  const moving = part.axes.map((_, k) => k).filter((k) => (part.axes[k]?.values.length ?? 0) > 1);
  const named = (k: number) => part.axes[k]?.name ?? "";
  const axes = moving.map((k) => ({ value: String(k), text: named(k) }));
  const pinned = moving.filter((k) => k !== across && k !== down);
  return (
    <div className="map-bar">
      <Choice
        label="Metric"
        value={metric}
        choose={chooseMetric}
        choices={METRICS.map((name) => ({ value: name, text: metricOf(name).label }))}
      />
      <Choice
        label="Statistic"
        value={statistic}
        choose={(name) => chooseStatistic(name as Statistic)}
        choices={STATISTICS.map(({ name, label }) => ({ value: name, text: label }))}
      />
      {surface.parts.length > 1 && (
        <Choice
          label="Strategy"
          value={part.strategy}
          choose={(name) => {
            const found = surface.parts.find((one) => one.strategy === name);
            if (found) turn({ part: found, places: [] });
          }}
          choices={surface.parts.map(({ strategy }) => ({ value: strategy, text: strategy }))}
        />
      )}
      {moving.length > 2 && (
        <>
          <Choice
            label="Across"
            value={String(across)}
            choose={(k) => turn({ across: Number(k), down: Number(k) === down ? across : down })}
            choices={axes}
          />
          <Choice
            label="Down"
            value={String(down)}
            choose={(k) => turn({ down: Number(k), across: Number(k) === across ? down : across })}
            choices={axes}
          />
          {pinned.map((k) => (
            <Choice
              key={k}
              label={named(k)}
              value={String(at[k] ?? 0)}
              choose={(place) =>
                turn({ places: part.axes.map((_, one) => (one === k ? Number(place) : (at[one] ?? 0))) })
              }
              choices={(part.axes[k]?.values ?? []).map((value, place) => ({
                value: String(place),
                text: valueText(value),
              }))}
            />
          ))}
        </>
      )}
      <Legend />
    </div>
  );
}

function Legend() {
  return (
    <span className="hint legend">
      ◆ best <span aria-hidden="true">·</span> ● best robust <span aria-hidden="true">·</span>{" "}
      <span className="plateau-sign" aria-hidden="true" /> plateau
    </span>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choose: (value: string) => void;
  choices: readonly { value: string; text: string }[];
}

function Choice({ label, value, choose, choices }: ChoiceProps) {
  const id = useId();
  return (
    <span className="choice">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <select id={id} className="field" value={value} onChange={(event) => choose(event.target.value)}>
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.text}
          </option>
        ))}
      </select>
    </span>
  );
}
