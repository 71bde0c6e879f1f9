// A code of an app beside the password.
import * as api from "../../api.js";
import { proofOf } from "../../account.js";
import { h } from "../../shell/dom.js";
import { form } from "../../shell/forms.js";
import { t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { codeField, digits, note } from "../fields.js";
import { withPassword } from "./again.js";
import { qrCode } from "./qr-code.js";
import { expander, loaded, once, onOrOff, panel, replace, untilDone } from "./parts.js";

export function secondFactor(app) {
  const state = onOrOff();
  const part = loaded(async () => {
    const { token } = app.account;
    const { exists, verified } = await api.hasSecondFactor(token);
    const on = exists && verified !== false;
    state.set(on);
    return on
      ? [
          h("p", { class: "soft" }, t("second-factor.left", { count: (await api.recoveryCodes(token)).count })),
          expander(t("second-factor.codes"), () => codes(app, part)),
          expander(t("second-factor.end"), () => end(app, part), "danger"),
        ]
      : expander(t("second-factor.make"), () => make(app, part, state));
  });
  return { element: panel({ id: "second-factor", title: t("second-factor.title"), lead: t("second-factor.lead"), state }, part.element), load: part.load };
}

const make = (app, part, state) =>
  withPassword(app, {
    name: "second-factor",
    submit: t("second-factor.next"),
    then: async (password) => {
      const { token, email } = app.account;
      const { secret, uri } = await api.newSecondFactor(token, await proofOf(email, password));
      replace(part.element, ...setUp(app, part, state, secret, uri));
    },
  });

const setUp = (app, part, state, secret, uri) => [
  h("p", {}, t("second-factor.scan")),
  h("a", { class: "picture", href: uri, "aria-label": t("second-factor.open") }, qrCode(uri)),
  h("p", {}, t("second-factor.type"), " ", h("code", {}, secret.match(/.{1,4}/g).join(" "))),
  form({
    name: "second-factor-code",
    fields: [codeField({ label: t("factor.code"), hint: t("second-factor.code.hint") })],
    submit: t("second-factor.finish"),
    explain,
    send: async (values) => {
      const { recoveryCodes } = await api.confirmSecondFactor(app.account.token, digits(values.code));
      state.set(true);
      untilDone(part, note("good", h("p", {}, t("second-factor.done"))), ...shown(recoveryCodes));
    },
  }),
];

const codes = (app, part) => [
  note("warning", h("p", {}, t("second-factor.codes.advice"))),
  withPassword(app, {
    name: "recovery-codes",
    submit: t("second-factor.codes"),
    then: async (password) => {
      const { token, email } = app.account;
      const { recoveryCodes } = await api.newRecoveryCodes(token, await proofOf(email, password));
      untilDone(part, ...shown(recoveryCodes));
    },
  }),
];

const shown = (recoveryCodes) => [
  note("warning", h("p", {}, t("second-factor.once"))),
  once(recoveryCodes.join("\n"), t("second-factor.codes.title"), h("ul", { class: "codes" }, recoveryCodes.map((code) => h("li", {}, code)))),
];

const end = (app, part) =>
  withPassword(app, {
    name: "second-factor-end",
    submit: t("second-factor.end"),
    kind: "danger",
    then: async (password) => {
      const { token, email } = app.account;
      await api.endSecondFactor(token, await proofOf(email, password));
      await part.load();
    },
  });
