/** One polite sentence for those who listen to the page. */
import { held } from "./held";

export const announcement = held("");

export function announce(sentence: string): void {
  announcement.set(sentence);
}
