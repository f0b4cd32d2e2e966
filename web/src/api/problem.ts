/** What the service says when it does not do what was asked: RFC 9457, with a stable code. */
export interface FieldFault {
  field: string;
  text: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldFault[];
  /** Character, from 1, at which an expression stops making sense. */
  readonly position: number | undefined;

  constructor(status: number, code: string, text: string, fields: readonly FieldFault[] = [], position?: number) {
    super(text);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.position = position;
  }

  /** The sentence for one field: the service names it by its last part, or by its whole path. */
  of(field: string): string | undefined {
    return this.fields.find((each) => each.field === field || each.field.endsWith(`.${field}`))?.text;
  }
}

/** The problem that an answer tells, whatever stands in it. */
export async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text();
  try {
    const body = JSON.parse(text);
    const { code, detail, title, errors = [], position } = body;
    return new Problem(answer.status, String(code), String(detail ?? title), errors, position);
  } catch {
    return new Problem(answer.status, "http", `The service answered ${answer.status} ${answer.statusText}.`);
  }
}

/** The service could not be reached at all. */
export function isAway(fault: unknown): boolean {
  return fault instanceof TypeError;
}
