// A key on paper for the day on which the password is forgotten.
import { proofOf } from "../../account.js";
import * as api from "../../api.js";
import { h } from "../../shell/dom.js";
import { dateTime, t } from "../../shell/texts.js";
import { note } from "../fields.js";
import { withPassword } from "./again.js";
import { expander, loaded, once, onOrOff, panel, untilDone } from "./parts.js";

export function recoveryKey(app) {
  const state = onOrOff();
  const part = loaded(async () => {
    const { exists, createdAt } = await api.hasRecoveryKey(app.account.token);
    state.set(exists);
    return [
      exists && createdAt && h("p", { class: "soft" }, t("recovery-key.since", { when: dateTime(createdAt) })),
      expander(exists ? t("recovery-key.renew") : t("recovery-key.make"), () => make(app, part, state, exists)),
      exists && expander(t("recovery-key.end"), () => end(app, part), "danger"),
    ];
  });
  return { element: panel({ id: "recovery-key", title: t("recovery-key.title"), lead: t("recovery-key.lead"), state }, part.element), load: part.load };
}

function make(app, part, state, exists) {
  const sure = withPassword(app, {
    name: "recovery-key",
    submit: t("recovery-key.make"),
    then: async (password) => {
      const key = await app.account.newRecoveryKey(password);
      state.set(true);
      untilDone(part, note("warning", h("p", {}, t("recovery-key.once"))), once(key, t("recovery-key.title")));
    },
  });
  return exists ? [note("warning", h("p", {}, t("recovery-key.replaces"))), sure] : [sure];
}

const end = (app, part) =>
  withPassword(app, {
    name: "recovery-key-end",
    fields: [h("p", {}, t("recovery-key.end.advice"))],
    submit: t("recovery-key.end"),
    kind: "danger",
    then: async (password) => {
      await api.endRecoveryKey(app.account.token, await proofOf(app.account.email, password));
      await part.load();
    },
  });
