// The settings as they are in force in the process that answers, and where each comes from.
import * as api from "../../admin-api.js";
import { h } from "../../shell/dom.js";
import { checkbox, field } from "../../shell/forms.js";
import { announce, show } from "../../shell/layout.js";
import { t } from "../../shell/texts.js";
import { panel, table } from "../parts.js";

/** What the server calls the places that settings come from. */
const ORIGINS = {
  default: "settings.origin.default",
  derived: "settings.origin.derived",
  file: "settings.origin.file",
  environment: "settings.origin.environment",
  commandLine: "settings.origin.command-line",
  socket: "settings.origin.socket",
};

export async function settings(app, isShown) {
  const all = await api.settings();
  if (!isShown()) {
    return;
  }

  const place = h("div", {});
  const name = field({ name: "filter", label: t("settings.filter"), hint: t("settings.filter.hint"), type: "search", autocomplete: "off", oninput: () => draw(true) });
  const changed = checkbox({ name: "changed", label: t("settings.changed"), checked: true, onchange: () => draw(true) });
  function draw(isSaid) {
    const typed = name.querySelector("input").value.trim().toLowerCase();
    const onlyChanged = changed.querySelector("input").checked;
    const shown = all.filter((one) => (!onlyChanged || one.origin !== "default") && (one.name.toLowerCase().includes(typed) || one.variable.toLowerCase().includes(typed)));
    place.replaceChildren(
      shown.length === 0
        ? h("p", { class: "soft" }, t("settings.none"))
        : table(t("settings.title"), [{ text: t("settings.setting") }, { text: t("settings.value") }, { text: t("settings.default") }, { text: t("settings.origin") }], shown.map(row)),
    );
    if (isSaid) {
      announce(t("settings.count", { count: shown.length }));
    }
  }

  draw(false);
  show({
    name: "settings",
    title: t("settings.title"),
    wide: true,
    fieldFirst: false,
    body: [h("p", { class: "lead" }, t("settings.lead")), panel({ id: "all", title: t("settings.in-force") }, h("div", { class: "expander" }, name, changed), place)],
  });
}

const row = (one) => [
  h("div", {}, h("p", {}, one.name), h("p", { class: "soft" }, h("code", {}, one.variable))),
  one.isSecret ? t(one.isSet ? "settings.secret" : "settings.unset") : one.value === null ? t("settings.unset") : h("code", {}, one.value),
  one.isSecret || one.default === null ? "–" : h("code", {}, one.default),
  t(ORIGINS[one.origin]),
];
