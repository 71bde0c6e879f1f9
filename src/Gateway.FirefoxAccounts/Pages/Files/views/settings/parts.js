// What the parts of the settings are made of.
import { h, newId } from "../../shell/dom.js";
import { announce } from "../../shell/layout.js";
import { t } from "../../shell/texts.js";
import { explain } from "../errors.js";

/**
 * A part with a title.
 *
 * @param {{title: Phrase, lead?: Phrase, id: string, state?: Node}} part `state` stands beside the title.
 * @param {...Node} children
 */
export const panel = ({ title, lead, id, state }, ...children) =>
  h(
    "section",
    { class: "panel", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "head" }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title), state),
    lead && h("p", { class: "soft" }, lead),
    ...children,
  );

/** Says beside a title whether something is on. */
export function onOrOff() {
  const element = h("span", {});
  return Object.assign(element, { set: (on) => element.replaceChildren(badge(on ? t("state.on") : t("state.off"), on)) });
}

/** A place for what is loaded; says what went wrong there. */
export function loaded(load) {
  const element = h("div", { class: "expander" }, h("p", { class: "soft" }, t("form.working")));
  return {
    element,
    load: async () => {
      try {
        element.replaceChildren(...[await load()].flat(Infinity).filter(Boolean));
      } catch (error) {
        element.replaceChildren(h("p", { class: "problem" }, explain(error)));
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
      more.querySelector("input:not([readonly])")?.focus();
    }
  }

  return h("div", { class: "expander" }, h("div", {}, button), more);
}

/** A secret that is shown once: read it, copy it or print it now. */
export function once(text, label, content = text) {
  const copied = h("span", { class: "soft" });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    copied.replaceChildren(h("span", {}, t("once.copied")));
    announce(t("once.copied"));
  };
  return h(
    "div",
    { class: "expander" },
    h("div", { class: "once", tabindex: "0", role: "group", "aria-label": label }, content),
    h(
      "div",
      { class: "state" },
      h("button", { type: "button", class: "secondary", onclick: copy }, t("once.copy")),
      h("button", { type: "button", class: "secondary", onclick: () => print() }, t("once.print")),
      copied,
    ),
  );
}

export const badge = (phrase, on = true) => h("span", { class: on ? "badge" : "badge off" }, phrase);

/** Shows something in a place, and goes on there. */
export function replace(place, ...nodes) {
  place.replaceChildren(...nodes);
  place.querySelector("[tabindex='0'], a, input:not([readonly])")?.focus();
}

/** What is shown once, in place of a part, until its reader is done with it. */
export function untilDone(part, ...nodes) {
  const done = async () => {
    await part.load();
    part.element.closest(".panel").querySelector("h2").focus();
  };
  replace(part.element, ...nodes, h("div", {}, h("button", { type: "button", class: "primary", onclick: done }, t("once.done"))));
}
