// Another password in place of the forgotten one. It says before what becomes of the data.
import { Reset } from "../account.js";
import { h } from "../shell/dom.js";
import { checkbox, form, Refused } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { checkRepeated, codeField, digits, fixedEmail, newPasswordFields, note } from "./fields.js";
import { recoveryCodeField } from "./factor.js";

/** Behind a link that whoever runs the server has given. Its secret is behind the `#`, so that it is in no log. */
export async function resetByLink(app) {
  const token = location.hash.slice("#link=".length);
  // It is good once; in the address it would only be copied along.
  history.replaceState(null, "", location.pathname + location.search);
  const begin = form({
    name: "link",
    fields: [],
    submit: t("reset.link.submit"),
    explain: (error) => explain(error, { 105: "error.link" }),
    send: async () => reset(app, await Reset.byLink(token)),
  });
  show({ name: "reset-link", title: t("reset.link.title"), body: [h("p", {}, t("reset.link.lead")), note("danger-note", h("p", {}, t("forgot.none.loss"))), begin, h("p", { class: "links" }, h("a", app.link("/recovery_key"), t("forgot.key.go")))] });
}

/** @param {Reset} right */
export function reset(app, right) {
  const understood = checkbox({ name: "understood", label: t("reset.understood") });
  const fields = [fixedEmail(right.email), ...newPasswordFields()];
  if (right.secondFactor) {
    fields.push(...secondFactorFields());
  }

  if (!right.keepsData) {
    fields.push(understood);
  }

  const change = form({
    name: "reset",
    fields,
    submit: right.keepsData ? t("reset.submit") : t("reset.submit-loss"),
    working: t("join.working"),
    kind: right.keepsData ? "primary" : "danger",
    explain: explainFactor,
    send: async (values) => {
      checkRepeated(values);
      if (!right.keepsData && !values.understood) {
        throw new Refused(t("reset.understood.missing"));
      }

      const account = await right.setPassword(values.password, right.secondFactor ? secondFactor(values) : {});
      await app.signedIn(account);
    },
  });
  show({
    name: "reset",
    title: t("reset.title"),
    body: [
      right.keepsData
        ? note("good", h("p", {}, t("reset.keeps")))
        : note("danger-note", h("p", {}, h("strong", {}, t("reset.loss.title"))), h("p", {}, t("reset.loss"))),
      change,
    ],
  });
}

export const secondFactorFields = () => [
  codeField({ name: "totpCode", label: t("factor.code"), hint: t("reset.factor.hint"), required: false }),
  recoveryCodeField({ name: "recoveryCode", required: false }),
];

export const explainFactor = (error) =>
  error.errno === 183 ? new Refused(explain(error), "totpCode") : error.errno === 156 ? new Refused(explain(error), "recoveryCode") : explain(error);

/** One of the two codes, as the server takes it. */
export function secondFactor({ totpCode, recoveryCode }) {
  if (recoveryCode?.trim()) {
    return { recoveryCode: recoveryCode.trim() };
  }

  if (!totpCode?.trim()) {
    throw new Refused(t("form.missing"), "totpCode");
  }

  return { totpCode: digits(totpCode) };
}
