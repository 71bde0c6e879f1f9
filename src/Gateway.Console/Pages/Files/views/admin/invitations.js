// Invitations to accounts: those that are open, and a new one.
import * as api from "../../admin-api.js";
import { h } from "../../shell/dom.js";
import { field, form } from "../../shell/forms.js";
import { dateTime, t } from "../../shell/texts.js";
import { explain } from "../errors.js";
import { expander, pages, panel } from "../parts.js";
import { badge, once, replace } from "./parts.js";

const COLUMNS = [{ text: t("field.account") }, { text: t("invitations.note") }, { text: t("invitations.ends") }, { text: t("invitations.revoke") }];

/** @returns {{element: Node, load: () => Promise<void>}} */
export function invitations() {
  const place = h("div", {});
  async function load() {
    const found = pages(t("invitations.title"), COLUMNS, t("invitations.none"), async () => ({ rows: (await api.invitations()).map((one) => row(one, load)), next: null }));
    place.replaceChildren(found.element);
    await found.load();
  }

  const element = panel({ id: "invitations", title: t("invitations.title"), lead: t("invitations.lead") }, expander(t("invitations.make"), () => make(load)), place);
  return { element, load };
}

const row = ({ id, account, note, expires, isOver }, load) => [
  account === "" ? t("invitations.any-name") : account,
  note === "" ? "–" : note,
  h("div", { class: "state" }, h("span", {}, dateTime(expires)), isOver && badge("off", t("invitations.over"))),
  form({
    name: "revoke",
    fields: [],
    submit: t("invitations.revoke"),
    kind: "danger",
    explain,
    send: async () => {
      await api.revokeInvitation(id);
      await load();
    },
  }),
];

function make(load) {
  const element = form({
    name: "invite",
    fields: [
      field({ name: "account", label: t("field.account"), hint: t("invitations.name.hint"), autocomplete: "off" }),
      field({ name: "note", label: t("invitations.note"), hint: t("invitations.note.hint"), autocomplete: "off" }),
    ],
    submit: t("invitations.make"),
    explain,
    send: async ({ account, note }) => {
      const { link } = await api.invite(account.trim(), note.trim());
      replace(element, once(link, t("invitations.link")));
      await load();
    },
  });
  return element;
}
