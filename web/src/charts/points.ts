/** Points of instruments on a canvas: the circles they are, and the one under the pointer. */
import { token } from "../parts/theme";

export interface Spot {
  name: string;
  x: number;
  y: number;
}

/** How far from a point (px) the pointer still means it. */
export const REACH = 10;
const RADIUS = 2.5;

export function drawCircles(pen: CanvasRenderingContext2D, points: readonly Spot[]): void {
  pen.strokeStyle = token("text2");
  pen.beginPath();
  for (const { x, y } of points) {
    pen.moveTo(x + RADIUS, y);
    pen.arc(x, y, RADIUS, 0, 2 * Math.PI);
  }
  pen.stroke();
}

/** The name of the nearest point within reach. */
export function nearest(points: readonly Spot[], x: number, y: number): string | undefined {
  let found: string | undefined;
  let least = REACH ** 2;
  for (const one of points) {
    const far = (one.x - x) ** 2 + (one.y - y) ** 2;
    if (far < least) {
      least = far;
      found = one.name;
    }
  }
  return found;
}
