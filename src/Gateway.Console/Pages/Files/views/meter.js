// A bar that is full to some part.
import { svg } from "../shell/dom.js";

const WIDTH = 200;

/**
 * @param {number} part 0 for empty, 1 for full.
 * @param {Phrase} label What a screen reader says of it.
 */
export function meter(part, label) {
  const filled = Math.max(0, Math.min(1, part)) * WIDTH;
  return svg(
    "svg",
    { class: "meter", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { width: WIDTH, height: 10, rx: 3 }),
    filled > 0 && svg("rect", { class: part > 0.9 ? "much" : "used", width: filled, height: 10, rx: 3 }),
  );
}
