/** The card of the chosen trade: why it was sold at its price, the other order's money, why it was bought. */
import { sentenceOf } from "../../parts/fault";
import { useExplanation } from "./asked";
import { factsOf, said } from "./explanation";

interface Props {
  run: string;
  symbol: string;
  number: number;
  path: string;
  tick: number;
  close: () => void;
  /** Whether there is such a trade; before that nothing is asked. */
  known: boolean;
}

export function ExplanationCard({ run, symbol, number, path, tick, close, known }: Props) {
  const { data, error } = useExplanation(run, symbol, known ? number : 0);
  const told = data ? said(factsOf(data), path, tick) : undefined;
  return (
    <section className="explanation" aria-label={`Trade ${number} explained`} tabIndex={0} data-explain={number}>
      <header>
        <h2>{told?.title ?? (error ? "Not explained" : "Explaining…")}</h2>
        <span className="hint">trade {number}</span>
        <button type="button" className="hint" aria-label="Close the explanation" onClick={close}>
          ✕
        </button>
      </header>
      {error && <p className="loss">{sentenceOf(error)}</p>}
      {told && (
        <div aria-live="polite" data-state="done">
          <p>{told.body}</p>
          {told.other && (
            <p className="dim" data-other>
              <em>{told.other}</em>
            </p>
          )}
          <p className="hint">{told.before}</p>
        </div>
      )}
    </section>
  );
}
