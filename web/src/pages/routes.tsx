/** Which page an address shows; each page but the first is fetched when it is wanted. */
import type { ComponentType } from "react";
import { Route, Switch } from "wouter";
import { fetchCandles } from "../charts/candle_view";
import { fetched } from "../parts/fetched";
import { listAhead } from "./market/listed";
import { RunPage } from "./run";

/** Where a browser does not tell when it is idle. */
const AHEAD_MS = 1000;

function page(load: () => Promise<{ default: ComponentType }>): ComponentType {
  return fetched(
    async () => (await load()).default,
    () => <main id="main" data-state="idle" />,
  );
}

const ResultPage = page(() => import("./result"));
const SweepPage = page(() => import("./sweep"));
const RunsPage = page(() => import("./runs"));
const ComparePage = page(() => import("./compare"));
const MarketPage = page(() => {
  listAhead();
  void fetchCandles();
  return import("./market");
});
const ScreenPage = page(() => import("./screen"));
const DataPage = page(() => import("./data"));
const OperationsPage = page(() => import("./operations"));

/** Fetch the largest code there is while nothing else is to be done: who goes to candles next does not wait for it. */
export function fetchAhead(): void {
  const fetchAll = () => void Promise.all([fetchCandles(), import("./market")]).catch(() => {});
  if ("requestIdleCallback" in window) requestIdleCallback(fetchAll);
  else setTimeout(fetchAll, AHEAD_MS);
}

export function Routes() {
  return (
    <Switch>
      <Route path="/" component={RunPage} />
      <Route path="/sweep" component={SweepPage} />
      <Route path="/sweep/:run" component={SweepPage} />
      <Route path="/runs" component={RunsPage} />
      <Route path="/compare/:a/:b" component={ComparePage} />
      <Route path="/runs/:run" component={RunPage} />
      <Route path="/runs/:run/:symbol" component={ResultPage} />
      <Route path="/market" component={MarketPage} />
      <Route path="/market/:symbol" component={MarketPage} />
      <Route path="/screen" component={ScreenPage} />
      <Route path="/data" component={DataPage} />
      <Route path="/operations" component={OperationsPage} />
      <Route>
        <main id="main" data-page="nowhere" data-state="idle">
          <div className="empty">
            <h1>Nothing lies here.</h1>
            <a href="/">Run a strategy</a>
          </div>
        </main>
      </Route>
    </Switch>
  );
}
