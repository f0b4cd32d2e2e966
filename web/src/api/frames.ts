/** Server-sent events out of bytes that come in any pieces: the part of the standard that a stream of runs uses. */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

export class Frames {
  #text = "";
  #decoder = new TextDecoder();
  #id = "";
  #event = "";
  #data: string[] = [];
  #afterReturn = false;
  /** Milliseconds that the service asks to wait before a new try. */
  retryMs = 1000;

  /** The frames that a piece completes. Lines end with LF, CR or CRLF, also where a piece ends between the two. */
  take(piece: Uint8Array): Frame[] {
    const text = this.#text + this.#decoder.decode(piece, { stream: true });
    const found: Frame[] = [];
    let begin = this.#afterReturn && text.startsWith("\n") ? 1 : 0;
    if (text !== "") this.#afterReturn = false;
    let back = text.indexOf("\r");
    for (;;) {
      if (back >= 0 && back < begin) back = text.indexOf("\r", begin);
      const feed = text.indexOf("\n", begin);
      const end = back >= 0 && (feed < 0 || back < feed) ? back : feed;
      if (end < 0) break;
      const frame = this.#line(text.slice(begin, end));
      if (frame) found.push(frame);
      begin = end + 1;
      if (end !== back) continue;
      if (begin === text.length) this.#afterReturn = true;
      else if (text[begin] === "\n") begin += 1;
    }
    this.#text = text.slice(begin);
    return found;
  }

  #line(line: string): Frame | undefined {
    if (line === "") {
      const whole = this.#data.length > 0;
      const frame = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
      this.#event = "";
      this.#data = [];
      return whole ? frame : undefined;
    }
    if (line.startsWith(":")) return undefined;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }
}
