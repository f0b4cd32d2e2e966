/** Names of instruments as they are told and as an address writes them. */

/** `BTCUSDT` of `demo:BTCUSDT`. */
export function symbolOf(instrument: string): string {
  return instrument.slice(instrument.indexOf(":") + 1);
}

/** The row of a portfolio that is its account; the others are what each instrument brought to it. */
export const ACCOUNT = "portfolio:account";

/** What a part of an address says; a name with a bare percent sign is what it says. */
export function plainText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
