// Passwords for programs that know none of this: a name and a password, for the Kinto API alone.
import * as api from "../../api.js";
import { proofOf } from "../../account.js";
import { h } from "../../shell/dom.js";
import { field, form } from "../../shell/forms.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { note } from "../fields.js";
import { withPassword } from "./again.js";
import { expander, loaded, once, panel, untilDone } from "./parts.js";

export function appPasswords(app) {
  const part = loaded(async () => {
    const all = await api.appPasswords(app.account.token);
    return [all.length > 0 && h("ul", { class: "rows" }, all.map((one) => row(app, one, part))), expander(t("app-passwords.make"), () => make(app, part))];
  });
  return { element: panel({ id: "app-passwords", title: t("app-passwords.title"), lead: t("app-passwords.lead") }, part.element), load: part.load };
}

function row(app, { id, name, createdTime, lastAccessTime }, part) {
  const end = form({
    name: "end-app-password",
    fields: [],
    submit: t("app-passwords.end"),
    kind: "secondary",
    explain,
    send: async () => {
      await api.endAppPassword(app.account.token, id);
      await part.load();
      document.getElementById("app-passwords-title").focus();
    },
  });
  end.querySelector("button").setAttribute("aria-label", `${t("app-passwords.end-of", { name })}`);
  return h(
    "li",
    {},
    h(
      "div",
      {},
      h("p", { class: "name" }, name),
      h("p", { class: "soft" }, lastAccessTime ? t("clients.last", { when: dateTime(lastAccessTime) }) : t("app-passwords.unused", { when: dateTime(createdTime) })),
    ),
    end,
  );
}

const make = (app, part) =>
  withPassword(app, {
    name: "app-password",
    submit: t("app-passwords.make"),
    fields: [field({ name: "name", label: t("app-passwords.name"), hint: t("app-passwords.name.hint"), required: true, maxlength: "64", autocomplete: "off" })],
    then: async (password, { name }) => {
      const { token, email } = app.account;
      const made = await api.newAppPassword(token, name.trim(), await proofOf(email, password));
      untilDone(
        part,
        note("warning", h("p", {}, t("app-passwords.once"))),
        h("dl", { class: "facts" }, h("dt", {}, t("app-passwords.user")), h("dd", {}, h("code", {}, made.user)), h("dt", {}, t("app-passwords.server")), h("dd", {}, h("code", {}, `${location.origin}/v1`))),
        once(made.password, t("app-passwords.title")),
      );
    },
  });
