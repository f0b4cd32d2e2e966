/** Asks for the key of a service that wants one. */
import { useEffect, useState } from "react";
import { keepKey, key, onKeyWanted } from "../api/key";
import { Dialog } from "./dialog";
import { questions } from "./questions";

export function KeyWanted() {
  const [asked, ask] = useState(false);
  useEffect(() => onKeyWanted(() => ask(true)), []);
  if (!asked) return null;
  return (
    <Dialog title="This service asks for a key" close={() => ask(false)}>
      <form
        className="key-wanted"
        onSubmit={(event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get("key") ?? "").trim();
          if (!text) return;
          keepKey(text);
          ask(false);
          void questions.resetQueries();
        }}
      >
        <p className="hint">
          {key() === null ? "It is kept in this tab only." : "The one that was given is not taken."} Make one with{" "}
          <code>tapehead keys create --scope read --scope run --name me</code>
        </p>
        <input className="field" name="key" type="password" autoComplete="off" aria-label="Key" required />{" "}
        <button className="button" type="submit">
          Use it
        </button>
      </form>
    </Dialog>
  );
}
