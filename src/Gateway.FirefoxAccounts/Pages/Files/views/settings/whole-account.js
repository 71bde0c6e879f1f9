// All that the server has of somebody: to take along, and to delete.
import * as api from "../../api.js";
import { proofOf } from "../../account.js";
import { h } from "../../shell/dom.js";
import { checkbox, Refused } from "../../shell/forms.js";
import { t } from "../../shell/texts.js";
import { note } from "../fields.js";
import { withPassword } from "./again.js";
import { expander, panel, replace } from "./parts.js";

export const exporting = (app) => ({
  element: panel({ id: "export", title: t("export.title"), lead: t("export.lead") }, expander(t("export.make"), () => make(app))),
});

const make = (app) =>
  withPassword(app, {
    name: "export",
    submit: t("export.make"),
    then: async (password, _, element) => {
      const { token, email } = app.account;
      const { url } = await api.exportData(token, await proofOf(email, password));
      const at = new URL(url, location.origin);
      if (at.origin !== location.origin) {
        throw new Error("The server has put the data somewhere else.");
      }

      replace(element.parentElement, h("p", {}, t("export.ready")), h("p", {}, h("a", { class: "button primary", href: at.href, download: "account.json" }, t("export.save"))));
    },
  });

export const deletion = (app) => ({
  element: panel({ id: "delete", title: t("delete.title"), lead: t("delete.lead") }, expander(t("delete.begin"), () => end(app), "danger")),
});

const end = (app) => [
  note("danger-note", h("p", {}, t("delete.loss"))),
  withPassword(app, {
    name: "delete",
    submit: t("delete.submit"),
    kind: "danger",
    fields: [checkbox({ name: "understood", label: t("delete.understood") })],
    then: async (password, { understood }) => {
      if (!understood) {
        throw new Refused(t("reset.understood.missing"));
      }

      const { token, email } = app.account;
      await api.deleteAccount(token, email, await proofOf(email, password));
      await app.deleted();
    },
  }),
];
