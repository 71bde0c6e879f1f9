// The second factor: a code of the app that was set up for it, or one of the recovery codes.
import * as api from "../api.js";
import { h } from "../shell/dom.js";
import { field, form } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";
import { codeField, digits } from "./fields.js";

export function factor(app) {
  const { account } = app;
  const code = form({
    name: "factor",
    fields: [codeField({ label: t("factor.code"), hint: t("factor.code.hint") })],
    submit: t("factor.submit"),
    explain,
    send: async (values) => {
      await api.verifySecondFactor(account.token, digits(values.code));
      await app.verified();
    },
  });
  show({
    name: "factor",
    title: t("factor.title"),
    body: [
      h("p", { class: "lead" }, account.email),
      code,
      h("p", { class: "links" }, h("button", { type: "button", class: "quiet", onclick: () => withRecoveryCode(app) }, t("factor.lost"))),
    ],
  });
}

function withRecoveryCode(app) {
  const code = form({
    name: "recovery-code",
    fields: [recoveryCodeField()],
    submit: t("factor.submit"),
    explain,
    send: async (values) => {
      await api.verifyRecoveryCode(app.account.token, values.code.trim());
      await app.verified();
    },
  });
  show({
    name: "recovery-code",
    title: t("factor.recovery.title"),
    body: [
      h("p", {}, t("factor.recovery.lead")),
      code,
      h("p", { class: "links" }, h("button", { type: "button", class: "quiet", onclick: () => factor(app) }, t("factor.back"))),
    ],
  });
}

export const recoveryCodeField = (attributes = {}) =>
  field({ name: "code", label: t("factor.recovery.code"), hint: t("factor.recovery.code.hint"), autocomplete: "off", required: true, class: "code", ...attributes });
