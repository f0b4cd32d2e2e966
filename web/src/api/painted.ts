/** The next frame, and the moment after it was painted. */
let painting = false;
let channel: MessageChannel | undefined;
let waiting: (() => void)[] = [];

/** A message waits behind the paint of the frame in which it is sent. */
function send(): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => {
      painting = false;
      const calls = waiting;
      waiting = [];
      for (const call of calls) call();
    };
  }
  channel.port2.postMessage(0);
}

/** Wait for the next frame; where the page is not shown there are none, and the wait is a tenth of a second. */
export function nextFrame(call: () => void): void {
  if (document.hidden) setTimeout(call, 100);
  else
    requestAnimationFrame(() => {
      painting = true;
      send();
      call();
    });
}

/** Call once what is in the page now has been painted: with the frame that is being made, else with the next one. */
export function afterPaint(call: () => void): void {
  waiting.push(call);
  if (!painting) requestAnimationFrame(send);
}
