// Fields that several pages have.
import { h } from "../shell/dom.js";
import { field, Refused } from "../shell/forms.js";
import { t } from "../shell/texts.js";

/** Shorter passwords are guessed from what a thief of the database has, whatever it costs them. */
const LEAST_CHARACTERS = 10;

export const emailField = (value, attributes = {}) =>
  field({
    name: "email",
    label: t("field.email"),
    type: "email",
    autocomplete: "username",
    inputmode: "email",
    required: true,
    value,
    check: (typed) => (/^[^\s@]+@[^\s@]+$/.test(typed.trim()) ? null : t("field.email.wrong")),
    ...attributes,
  });

/** The address of whoever is signed in: shown, and told to password managers. */
export const fixedEmail = (value) => emailField(value, { readonly: true, tabindex: "-1" });

export const passwordField = (attributes = {}) =>
  field({ name: "password", label: t("field.password"), type: "password", autocomplete: "current-password", required: true, ...attributes });

/** The password again, before something that cannot be undone. */
export const passwordAgain = () => passwordField({ label: t("field.password-again") });

export function newPasswordFields(value = "") {
  return [
    passwordField({
      label: t("field.new-password"),
      hint: t("field.new-password.hint", { least: LEAST_CHARACTERS }),
      autocomplete: "new-password",
      value,
      check: (typed) => ([...typed].length < LEAST_CHARACTERS ? t("field.new-password.short", { least: LEAST_CHARACTERS }) : null),
    }),
    passwordField({ name: "repeated", label: t("field.repeat"), autocomplete: "new-password" }),
  ];
}

/** @throws {Refused} The two differ. */
export function checkRepeated({ password, repeated }) {
  if (password !== repeated) {
    throw new Refused(t("field.repeat.wrong"), "repeated");
  }
}

export const codeField = (attributes) =>
  field({ name: "code", inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: "12", class: "code", ...attributes });

/** Digits as they were typed, without blanks. */
export const digits = (typed) => typed.replace(/\s/g, "");

/** Something that is said apart. */
export const note = (kind, ...children) => h("div", { class: `note ${kind}` }, ...children);

export const paragraph = (...children) => h("p", {}, ...children);
