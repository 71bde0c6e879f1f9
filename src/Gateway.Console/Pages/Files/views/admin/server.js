// What the server does at the moment: figures of the last ten minutes, drawn anew every five seconds.
import * as api from "../../admin-api.js";
import { bytes, count, decimal } from "../../format.js";
import { h } from "../../shell/dom.js";
import { show } from "../../shell/layout.js";
import { dateTime, t } from "../../shell/texts.js";
import { say } from "../errors.js";
import { panel } from "../parts.js";
import { chart } from "./chart.js";
import { facts } from "./parts.js";

const EVERY_MS = 5_000;

const milliseconds = (value) => `${t("unit.ms", { value: decimal(value) })}`;
const seconds = (value) => `${t("unit.s", { value: decimal(value) })}`;
const rate = (value) => `${t("unit.per-second", { value: decimal(value) })}`;

/** The server's name for each, and what people call it. Those that a process does not measure are left out. */
const REQUESTS = [
  ["requests", "figure.requests", rate],
  ["errors", "figure.errors", rate],
  ["refusals", "figure.refusals", rate],
  ["p50", "figure.half", milliseconds],
  ["p99", "figure.most", milliseconds],
  ["streams", "figure.streams", count],
];
const OWNERS = [
  ["queue", "figure.queue", count],
  ["queueBytes", "figure.queue-bytes", bytes],
  ["heads", "figure.heads", count],
  ["activations", "figure.activations", count],
  ["ownerRefusals", "figure.owner-refusals", count],
  ["storeFaults", "figure.store-faults", count],
  ["leaseAge", "figure.lease-age", seconds],
  ["clockDifference", "figure.clock-difference", seconds],
];

export async function server(app, isShown) {
  const place = h("div", { class: "expander" });
  const problem = h("div", {});
  let paused = false;
  let loading = false;

  const pause = h("button", { type: "button", class: "secondary", "aria-pressed": "false", onclick: toggle }, t("figures.pause"));
  function toggle() {
    paused = !paused;
    pause.setAttribute("aria-pressed", `${paused}`);
  }

  async function load() {
    const { own, silos } = await api.figures();
    place.replaceChildren(...draw(own, silos));
  }

  await load();
  if (!isShown()) {
    return;
  }

  show({ name: "server", title: t("figures.title"), wide: true, body: [h("p", { class: "lead" }, t("figures.lead")), h("div", {}, pause), problem, place] });
  const timer = setInterval(async () => {
    if (!isShown()) {
      clearInterval(timer);
      return;
    }

    if (paused || loading || document.hidden) {
      return;
    }

    loading = true;
    try {
      await load();
      problem.replaceChildren();
    } catch (error) {
      if (error.word === "signed-out" && isShown()) {
        clearInterval(timer);
        app.fail(error);
      } else {
        problem.replaceChildren(h("p", { class: "problem", role: "alert" }, say(error)));
      }
    } finally {
      loading = false;
    }
  }, EVERY_MS);
}

function draw(own, silos) {
  const others = (silos ?? []).filter(({ isOwn, status }) => !isOwn && status === "Active");
  const isGateway = silos !== null && !silos.some(({ isOwn }) => isOwn);
  return [
    silos === null && h("p", { class: "note warning" }, t("figures.no-cluster")),
    (others.length > 0 || isGateway) && h("p", { class: "note" }, t("figures.scope")),
    process("own", t(isGateway ? "figures.gateway" : "figures.process", { name: own.process }), own, isGateway ? [] : OWNERS, true),
    ...others.map((silo, i) =>
      silo.figures
        ? process(`silo-${i}`, t("figures.silo", { name: silo.name }), silo.figures, OWNERS, false)
        : panel({ id: `silo-${i}`, title: t("figures.silo", { name: silo.name }) }, h("p", { class: "soft" }, t("figures.none"))),
    ),
  ].filter(Boolean);
}

function process(id, title, report, owners, hasRequests) {
  const { minute, series } = report;
  const shown = [...(hasRequests ? REQUESTS : []), ...owners].filter(([name]) => series[name]?.some((value) => value !== null));
  return panel(
    { id, title },
    facts(
      hasRequests && [t("figures.minute"), t("figures.minute-value", { requests: count(minute.requests), errors: count(minute.errors), refusals: count(minute.refusals) })],
      hasRequests && minute.p50 !== null && [t("figures.latency"), t("figures.latency-value", { p50: milliseconds(minute.p50), p99: milliseconds(minute.p99) })],
      [t("figures.version"), report.version],
      [t("figures.since"), dateTime(report.since)],
    ),
    shown.length === 0 ? h("p", { class: "soft" }, t("figures.soon")) : h("div", { class: "figures" }, shown.map(([name, label, format]) => chart(t(label), series[name], format))),
  );
}
