// What pages of administrators are made of.
import { h } from "../../shell/dom.js";
import { field, Refused } from "../../shell/forms.js";
import { announce } from "../../shell/layout.js";
import { t } from "../../shell/texts.js";

/** Says how something is, in words. */
export const badge = (kind, phrase) => h("span", { class: `badge ${kind}` }, phrase);

/** A field for the name of what is to be deleted. */
export const confirmation = (name) =>
  field({
    name: "confirm",
    label: t("confirm.name", { name }),
    autocomplete: "off",
    required: true,
    check: (typed) => (typed.trim() === name ? null : t("error.not-confirmed")),
  });

/** A secret that is shown once, and a button that copies it. */
export function once(text, label) {
  const said = h("span", { class: "soft" });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    said.replaceChildren(h("span", {}, t("once.copied")));
    announce(t("once.copied"));
  };
  return h(
    "div",
    { class: "expander" },
    h("p", { class: "note warning" }, t("once.lead")),
    h("div", { class: "once", tabindex: "0", role: "group", "aria-label": label }, text),
    h("div", { class: "state" }, h("button", { type: "button", class: "secondary", onclick: copy }, t("once.copy")), said),
  );
}

/** Shows something in place of another part, and goes on there. */
export function replace(element, ...nodes) {
  const part = h("div", { class: "expander", tabindex: "-1" }, nodes);
  element.replaceWith(part);
  (part.querySelector("[tabindex='0']") ?? part).focus();
}

/**
 * A whole number that was typed; null for nothing.
 *
 * @throws {Refused} It is none.
 */
export function amount(typed, name) {
  const text = typed.trim();
  if (text === "") {
    return null;
  }

  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new Refused(t("error.bad-number"), name);
  }

  return number;
}

/** Names and values. */
export const facts = (...pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
