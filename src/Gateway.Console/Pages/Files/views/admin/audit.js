// The newest events of the audit log, of the process that answers.
import * as api from "../../admin-api.js";
import { count } from "../../format.js";
import { h } from "../../shell/dom.js";
import { show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { panel, table } from "../parts.js";

export async function audit(app, isShown) {
  const { process, kept, events } = await api.audit();
  if (!isShown()) {
    return;
  }

  show({
    name: "audit",
    title: t("audit.title"),
    wide: true,
    body: [
      h("p", { class: "lead" }, t("audit.lead", { process, kept: count(kept) })),
      h("div", {}, h("button", { type: "button", class: "secondary", onclick: () => app.open() }, t("health.again"))),
      panel(
        { id: "events", title: t("audit.events") },
        events.length === 0
          ? h("p", { class: "soft" }, t("audit.none"))
          : table(
              t("audit.events"),
              [{ text: t("audit.event") }, { text: t("audit.at") }, { text: t("audit.user") }, { text: t("audit.address") }, { text: t("audit.request") }, { text: t("audit.severity"), number: true }],
              events.map((one) => [
                h("div", {}, h("p", {}, one.signature), one.name !== one.signature && h("p", { class: "soft" }, one.name)),
                dateTime(one.at),
                one.user ?? "–",
                one.address ?? "–",
                h("code", {}, `${one.method} ${one.path}`),
                `${one.severity}`,
              ]),
            ),
      ),
    ],
  });
}
