// Whether each database and each silo is well.
import * as api from "../../admin-api.js";
import { count, decimal } from "../../format.js";
import { h } from "../../shell/dom.js";
import { show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { panel, table } from "../parts.js";
import { badge, facts } from "./parts.js";

export async function health(app, isShown) {
  const { process, version, isReady, databases, silos } = await api.health();
  if (!isShown()) {
    return;
  }

  const again = h("button", { type: "button", class: "secondary", onclick: () => app.open() }, t("health.again"));
  show({
    name: "health",
    title: t("health.title"),
    wide: true,
    body: [
      panel(
        { id: "process", title: t("health.process"), state: isReady ? badge("", t("health.ready")) : badge("bad", t("health.not-ready")) },
        facts([t("health.name"), process], [t("figures.version"), version]),
        h("div", {}, again),
      ),
      panel(
        { id: "databases", title: t("health.databases"), lead: t("health.databases-lead") },
        table(
          t("health.databases"),
          [{ text: t("health.database") }, { text: t("health.state") }, { text: t("health.answer"), number: true }, { text: t("health.schema"), number: true }, { text: t("health.lease") }, { text: t("health.shards") }],
          databases.map((one) => [
            one.name,
            one.isReachable ? badge("", t("health.reachable")) : badge("bad", t("health.away")),
            one.milliseconds === null ? "–" : t("unit.ms", { value: decimal(one.milliseconds) }),
            one.schema === null ? "–" : one.schema === one.knownSchema ? `${one.schema}` : t("health.schema-differs", { schema: one.schema, known: one.knownSchema }),
            one.isLeaseHeld === null ? t("health.no-lease") : one.isLeaseHeld ? badge("", t("health.held")) : badge("bad", t("health.lost")),
            one.shards ?? t("health.all-shards"),
          ]),
        ),
      ),
      panel(
        { id: "silos", title: t("health.silos"), lead: t("health.silos-lead") },
        silos === null
          ? h("p", { class: "note warning" }, t("figures.no-cluster"))
          : table(
              t("health.silos"),
              [
                { text: t("health.silo") }, { text: t("health.status") }, { text: t("figures.version") }, { text: t("health.since") }, { text: t("health.seen") },
                { text: t("figure.activations"), number: true }, { text: t("figure.heads"), number: true },
              ],
              silos.map((silo) => [
                h("div", {}, h("p", {}, silo.name), h("p", { class: "soft" }, silo.address)),
                badge(silo.status === "Active" ? "" : silo.status === "Dead" ? "off" : "bad", silo.status),
                silo.version ?? "–",
                dateTime(silo.since),
                dateTime(silo.seen),
                silo.activations === null ? "–" : count(silo.activations),
                silo.heads === null ? "–" : count(silo.heads),
              ]),
            ),
      ),
    ],
  });
}
