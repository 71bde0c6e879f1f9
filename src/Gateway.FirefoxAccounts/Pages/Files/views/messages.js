// Pages that say one thing, and what can be done next.
import { h } from "../shell/dom.js";
import { Refused } from "../shell/forms.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { explain } from "./errors.js";

/** Something that no form can say: the page could not be made. */
export function failed(app, error) {
  const phrase = error instanceof Refused ? error.phrase : explain(error);
  show({
    name: "failed",
    title: t("failed.title"),
    body: [
      h("p", {}, phrase),
      h("p", {}, t("failed.advice")),
      h("p", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: () => location.reload() }, t("failed.again")), h("a", { class: "button secondary", ...app.link("/signin") }, t("join.enter"))),
    ],
  });
}

export const nothing = (app) =>
  show({ name: "nothing", title: t("nothing.title"), body: [h("p", {}, t("nothing.advice")), toSettings(app)] });

export const signedOut = (app) =>
  show({ name: "signed-out", title: t("signed-out.title"), body: [h("p", {}, t("signed-out.advice")), h("p", {}, h("a", app.link("/signin"), t("join.enter")))] });

export const deleted = () => show({ name: "deleted", title: t("deleted.title"), body: [h("p", {}, t("deleted.advice"))] });

const toSettings = (app) => h("p", {}, h("a", app.link("/settings"), t("connected.settings")));
