// A line for a figure of the last minutes. It has a text that says what it shows.
import { h, svg } from "../../shell/dom.js";
import { t } from "../../shell/texts.js";

const WIDTH = 120;
const HEIGHT = 32;

/**
 * @param {Phrase} label What is measured.
 * @param {(number|null)[]} values The newest last; null where nothing was measured.
 * @param {(value: number) => string} format
 */
export function chart(label, values, format) {
  const known = values.filter((value) => value !== null);
  const last = values.at(-1) ?? null;
  const most = Math.max(0, ...known);
  return h(
    "figure",
    { class: "figure chart" },
    h("figcaption", { class: "label" }, label),
    h("p", { class: "value" }, last === null ? "–" : format(last)),
    svg(
      "svg",
      {
        class: "spark",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": known.length === 0 ? t("chart.none", { label }) : t("chart.label", { label, last: last === null ? "–" : format(last), most: format(most) }),
      },
      runs(values).map((run) => line(run, values.length, most)),
    ),
    h("p", { class: "soft" }, t("chart.most", { most: format(most) })),
  );
}

/** Values that follow each other without a gap, with their places. */
function runs(values) {
  const found = [];
  values.forEach((value, place) => {
    if (value === null) {
      return;
    }

    if (place === 0 || values[place - 1] === null) {
      found.push([]);
    }

    found.at(-1).push([place, value]);
  });
  return found;
}

function line(run, length, most) {
  const x = (place) => ((length < 2 ? 1 : place / (length - 1)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - 1 - (most > 0 ? value / most : 0) * (HEIGHT - 3)).toFixed(1);
  const points = run.map(([place, value]) => `${x(place)} ${y(value)}`).join("L");
  return [svg("path", { class: "area", d: `M${x(run[0][0])} ${HEIGHT}L${points}L${x(run.at(-1)[0])} ${HEIGHT}Z` }), svg("path", { class: "line", d: `M${points}` })];
}
