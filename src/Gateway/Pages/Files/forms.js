// Fields and forms: labels, what is wrong and where, and that something is under way.
import { h, newId } from "./dom.js";
import { announce } from "./layout.js";
import { Phrase, t } from "./texts.js";

/** What somebody typed cannot be: said at its field, or above the button where it is no field's. */
export class Refused extends Error {
  /**
   * @param {Phrase} phrase What is wrong, and what to do.
   * @param {string} [field] Its name.
   */
  constructor(phrase, field) {
    super(phrase.key);
    this.phrase = phrase;
    this.field = field;
  }
}

/**
 * A field with its label.
 *
 * @param {{name: string, label: Phrase, hint?: Phrase, type?: string, value?: string, check?: (value: string) => Phrase|null}} field Other members
 *   are attributes of the input. `check` says what is wrong, before anything is sent.
 */
export function field({ name, label, hint, type = "text", value = "", check, ...attributes }) {
  const id = newId(name);
  const input = h("input", {
    id,
    name,
    type,
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": `${hint ? `${id}-hint ` : ""}${id}-error`,
    ...attributes,
  });
  input.value = value;
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    type === "password" ? h("div", { class: "secret" }, input, reveal(input)) : input,
    h("p", { class: "wrong", id: `${id}-error` }),
  );
  return Object.assign(element, { check: () => (required(input) ? t("form.missing") : check?.(input.value) ?? null) });
}

const required = (input) => input.required && input.value.trim() === "";

function reveal(input) {
  const button = h("button", { type: "button", class: "quiet reveal", "aria-controls": input.id, "aria-pressed": "false", onclick: toggle }, t("form.show"));
  function toggle() {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", `${shown}`);
  }

  return button;
}

/** A box to tick, with its label. */
export function checkbox({ name, label, hint, checked = false, ...attributes }) {
  const id = newId(name);
  const input = h("input", { id, name, type: "checkbox", "aria-describedby": hint ? `${id}-hint` : undefined, ...attributes });
  input.checked = checked;
  return h("div", { class: "check" }, input, h("label", { for: id }, label), hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

/**
 * A form.
 *
 * @param {object} form
 * @param {Node[]} form.fields
 * @param {Phrase} form.submit What its button says.
 * @param {(values: Record<string, string|boolean>) => Promise<void>} form.send What happens. What it throws is said in the form.
 * @param {(error: Error) => Phrase|Refused} form.explain What an error means.
 * @param {Phrase} [form.working] Said while it runs.
 * @param {"primary"|"secondary"|"quiet"|"danger"} [form.kind] Of the button.
 */
export function form({ fields, submit, send, explain, working = t("form.working"), kind = "primary", name }) {
  const problem = h("div", { class: "problem", role: "alert", tabindex: "-1" });
  const button = h("button", { type: "submit", class: kind }, submit);
  const progress = h("p", { class: "progress", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }), working);
  const element = h("form", { novalidate: true, onsubmit: sent, name }, problem, fields, button, progress);
  let busy = false;

  async function sent(event) {
    event.preventDefault();
    if (busy) {
      return;
    }

    clear();
    const wrong = [...element.querySelectorAll(".field")].map((one) => [one, one.check()]).filter(([, phrase]) => phrase !== null);
    if (wrong.length > 0) {
      wrong.forEach(([one, phrase]) => mark(one, phrase));
      wrong[0][0].querySelector("input").focus();
      return;
    }

    work(true);
    try {
      await send(values());
    } catch (error) {
      tell(error instanceof Refused ? error : explain(error));
    } finally {
      work(false);
    }
  }

  function values() {
    return Object.fromEntries([...element.querySelectorAll("input[name]")].map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value]));
  }

  function work(now) {
    busy = now;
    button.setAttribute("aria-disabled", `${now}`);
    element.setAttribute("aria-busy", `${now}`);
    progress.hidden = !now;
    if (now) {
      announce(working);
    }
  }

  function clear() {
    problem.replaceChildren();
    for (const input of element.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.closest(".field").querySelector(".wrong").replaceChildren();
    }
  }

  function tell(refused) {
    const phrase = refused instanceof Phrase ? refused : refused.phrase;
    const at = refused.field && element.querySelector(`input[name="${refused.field}"]`);
    if (at) {
      mark(at.closest(".field"), phrase);
      at.focus();
    } else {
      problem.replaceChildren(h("p", {}, phrase));
      problem.focus();
    }
  }

  return element;
}

function mark(field, phrase) {
  field.querySelector(".wrong").replaceChildren(h("span", {}, phrase));
  field.querySelector("input").setAttribute("aria-invalid", "true");
}
