/** Light or dark: the system's choice until the user makes another one. */
import { held } from "./held";

export type Theme = "system" | "light" | "dark";

const PLACE = "tapehead.theme";

function kept(): Theme {
  const found = localStorage.getItem(PLACE);
  return found === "light" || found === "dark" ? found : "system";
}

export const theme = held<Theme>(kept());

export function isDark(): boolean {
  const chosen = theme.get();
  return chosen === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
}

export function turnTheme(): void {
  theme.set(isDark() ? "light" : "dark");
}

/** Apply the choice now and whenever it changes; `call` hears of every change, also of the system's. */
export function followTheme(call: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = theme.get();
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    if (chosen === "system") localStorage.removeItem(PLACE);
    else localStorage.setItem(PLACE, chosen);
    call();
  };
  apply();
  const end = theme.subscribe(apply);
  system.addEventListener("change", call);
  return () => {
    end();
    system.removeEventListener("change", call);
  };
}

/** The value of a token of tokens.css now; charts that are drawn need it as text. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
