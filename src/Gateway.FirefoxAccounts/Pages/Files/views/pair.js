// Firefox offers to be connected by a picture that another device reads. This server does not do that, and says so.
import { h } from "../shell/dom.js";
import { show } from "../shell/layout.js";
import { t } from "../shell/texts.js";

export function pair(app) {
  show({
    name: "pair",
    title: t("pair.title"),
    body: [
      h("p", {}, t("pair.advice")),
      h("p", { class: "actions" }, h("a", { class: "button primary", ...app.link("/connect_another_device") }, t("pair.how"))),
    ],
  });
}
