// Pages that say one thing.
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { say } from "./errors.js";

export const nothing = (app) =>
  show({ name: "nothing", title: t("nothing.title"), body: [h("p", {}, t("nothing.lead")), h("a", { class: "button primary", ...app.link("admin/") }, t("nothing.back"))] });

export const failed = (app, error) =>
  show({
    name: "failed",
    title: t("failed.title"),
    body: [h("p", { class: "problem", role: "alert" }, say(error)), h("div", {}, h("button", { type: "button", class: "primary", onclick: () => app.open() }, t("failed.again")))],
  });

export const deleted = (app) =>
  show({ name: "deleted", title: t("deleted.title"), body: [h("p", {}, t("deleted.lead")), h("a", { class: "button secondary", ...app.link("") }, t("deleted.on"))] });
