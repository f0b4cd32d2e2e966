/** What went wrong with a question, as a sentence with its next step. */
import { isAway, Problem } from "../api/problem";

export function sentenceOf(fault: unknown): string {
  if (fault instanceof Problem) return fault.message;
  if (isAway(fault)) return "The service does not answer. What it keeps is not lost.";
  return fault instanceof Error ? fault.message : String(fault);
}

export function Fault({ fault }: { fault: unknown }) {
  return (
    <p className="empty loss" role="alert" data-fault={fault instanceof Problem ? fault.code : "away"}>
      {sentenceOf(fault)}
    </p>
  );
}
