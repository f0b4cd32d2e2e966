/** The list of keys that `?` shows. */
import { Dialog } from "./dialog";
import { allKeys } from "./keys";
import "./key_list.css";

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
const NAMES: Record<string, string> = {
  Enter: "↵",
  Escape: "Esc",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Backspace: "⌫",
};

/** What is printed on the keys of a press. */
export function printed(press: string): string[] {
  return press.split(" ").map((word) =>
    word
      .split("+")
      .map((part) => (part === "mod" ? (MAC ? "⌘" : "Ctrl ") : (NAMES[part] ?? part)))
      .join(""),
  );
}

export function KeyList({ close }: { close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <dl className="key-list">
        {allKeys().map((key) => (
          <div key={key.press}>
            <dt>
              {printed(key.press).map((word) => (
                <kbd key={word}>{word}</kbd>
              ))}
            </dt>
            <dd>{key.does}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">
        Candles by{" "}
        <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank">
          TradingView Lightweight Charts
        </a>
        . <a href="/licences.md">Licences</a> of all that the page is made of.
      </p>
    </Dialog>
  );
}
