// What pages are made of.
import { h, newId } from "../shell/dom.js";
import { form } from "../shell/forms.js";
import { t } from "../shell/texts.js";
import { explain, say } from "./errors.js";

/** A part with a title. */
export const panel = ({ id, title, lead, state }, ...children) =>
  h(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title), state),
    lead && h("p", { class: "soft" }, lead),
    ...children,
  );

/** The way back up: each a link, and what is shown at the end. */
export const trail = (app, ...steps) =>
  h(
    "nav",
    { class: "trail", "aria-label": t("trail.label") },
    h("ol", {}, steps.map(([path, name]) => h("li", {}, path === null ? h("span", { "aria-current": "page" }, name) : h("a", app.link(path), name)))),
  );

/**
 * A table that turns into a list of cards on a phone.
 *
 * @param {Phrase} caption
 * @param {{text: Phrase, number?: boolean}[]} columns
 * @param {(Node|string|Phrase)[][]} rows The first of each names its row.
 */
export const table = (caption, columns, rows) =>
  h(
    "div",
    { class: "table", role: "region", "aria-label": caption, tabindex: "0" },
    h(
      "table",
      {},
      h("caption", { class: "sr-only" }, caption),
      h("thead", {}, h("tr", {}, columns.map(({ text, number }) => h("th", { scope: "col", class: number && "number" }, text)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) => h(i === 0 ? "th" : "td", { scope: i === 0 && "row", class: columns[i].number && "number" }, cell))))),
    ),
  );

/**
 * Rows that come page by page, each with a button for more.
 *
 * @param {(after: string|null) => Promise<{rows: Node[][], next: string|null}>} load
 */
export function pages(caption, columns, empty, load) {
  const element = h("div", { class: "expander" }, h("p", { class: "soft" }, t("form.working")));
  const rows = [];
  async function more(after) {
    const page = await load(after);
    const before = rows.length;
    rows.push(...page.rows);
    if (rows.length === 0) {
      element.replaceChildren(h("p", { class: "soft" }, empty));
      return;
    }

    const shown = table(caption, columns, rows);
    const next = page.next && form({ name: "more", fields: [], submit: t("pages.more"), kind: "secondary", explain, send: () => more(page.next) });
    element.replaceChildren(shown, ...(next ? [next] : []));
    if (before > 0) {
      shown.querySelectorAll("tbody tr")[before]?.querySelector("a, button")?.focus();
    }
  }

  return {
    element,
    load: async () => {
      try {
        await more(null);
      } catch (error) {
        element.replaceChildren(h("p", { class: "problem" }, say(error)));
      }
    },
  };
}

/** A button behind which there is more. `make` is called when it is opened. */
export function expander(label, make, kind = "secondary") {
  const id = newId("more");
  const more = h("div", { id, class: "expander", hidden: true });
  const button = h("button", { type: "button", class: kind, "aria-expanded": "false", "aria-controls": id, onclick: toggle }, label);
  function toggle() {
    const open = more.hidden;
    more.hidden = !open;
    button.setAttribute("aria-expanded", `${open}`);
    more.replaceChildren(...(open ? [make()].flat() : []));
    if (open) {
      (more.querySelector("input") ?? more.querySelector("button"))?.focus();
    }
  }

  return h("div", { class: "expander" }, h("div", {}, button), more);
}

/** A deletion: a button, what it means, and another button that does it. */
export const deletion = (label, warning, send) =>
  expander(label, () => [h("p", { class: "note danger-note" }, warning), form({ name: "delete", fields: [], submit: t("delete.submit"), kind: "danger", explain, send })], "danger");
