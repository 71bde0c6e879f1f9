// The page at the root: what this is, and where a client finds it.
import { ROOT } from "../api.js";
import { h } from "../shell/dom.js";
import { announce, show } from "../shell/layout.js";
import { t } from "../shell/texts.js";
import { panel } from "./parts.js";

export function welcome(app) {
  const { firefoxAccounts, sync15, sync11, syncto } = document.documentElement.dataset;
  const root = location.origin + ROOT.slice(0, -1);
  show({
    name: "welcome",
    title: t("welcome.title"),
    wide: true,
    body: [
      h("p", { class: "lead" }, t("welcome.lead")),
      h(
        "div",
        { class: "state" },
        h("a", { class: "button primary", href: `${ROOT}admin/` }, t("welcome.console")),
        firefoxAccounts === "on" && h("a", { class: "button secondary", href: `${ROOT}signin` }, t("welcome.firefox-account")),
      ),
      panel({ id: "kinto", title: t("welcome.kinto"), lead: t("welcome.kinto-lead") }, address(t("welcome.kinto-url"), `${root}/v1/`), example(`${root}/v1/`)),
      firefoxAccounts === "on"
        ? panel(
            { id: "firefox", title: t("welcome.firefox"), lead: t("welcome.firefox-lead") },
            setting("identity.fxaccounts.autoconfig.uri", root),
            h("p", {}, h("a", { href: `${ROOT}connect_another_device` }, t("welcome.firefox-devices"))),
          )
        : sync15 === "on" && panel({ id: "firefox", title: t("welcome.firefox"), lead: t("welcome.sync15-lead") }, setting("identity.sync.tokenserver.uri", `${root}/1.0/sync/1.5`)),
      sync11 === "on" && panel({ id: "sync11", title: t("welcome.sync11"), lead: t("welcome.sync11-lead") }, setting("services.sync.serverURL", `${root}/`)),
      syncto === "on" && panel({ id: "syncto", title: t("welcome.syncto"), lead: t("welcome.syncto-lead") }, address(t("welcome.syncto-url"), `${root}/syncto/v1/`)),
    ],
  });
}

/** What to set in about:config. */
const setting = (name, value) =>
  h("ol", { class: "steps" }, h("li", {}, t("welcome.about-config")), h("li", {}, t("welcome.search"), " ", h("code", {}, name)), h("li", {}, t("welcome.set"), copied(value)), h("li", {}, t("welcome.restart")));

const address = (label, value) => h("div", { class: "field" }, h("p", {}, h("strong", {}, label)), copied(value));

const example = (url) =>
  h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": t("welcome.example") }, h("code", {}, `import Kinto from "kinto";\n\nconst db = new Kinto({\n  remote: "${url}",\n  headers: { Authorization: "Basic " + btoa("NAME:PASSWORD") },\n});\nawait db.collection("tasks").sync();\n`));

/** A text, and a button that copies it. */
function copied(value) {
  const said = h("span", { class: "soft" });
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    said.replaceChildren(h("span", {}, t("welcome.copied")));
    announce(t("welcome.copied"));
  };
  return h("div", { class: "state" }, h("code", { class: "value" }, value), h("button", { type: "button", class: "quiet", "aria-label": t("welcome.copy-of", { value }), onclick: copy }, t("welcome.copy")), said);
}
