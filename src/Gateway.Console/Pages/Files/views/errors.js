// What an error means, for people.
import { Refused } from "../shell/forms.js";
import { t } from "../shell/texts.js";

/** By the server's word for it. */
const TEXTS = {
  "wrong-password": "error.wrong-password",
  "not-administrator": "error.not-administrator",
  "too-short": "error.too-short",
  "bad-name": "error.bad-name",
  "bad-note": "error.bad-note",
  "name-taken": "error.name-taken",
  "link-over": "error.link-over",
  "not-found": "error.not-found",
  "signed-out": "error.signed-out",
  forbidden: "error.forbidden",
  changed: "error.changed",
  busy: "error.busy",
  away: "error.away",
  "unfinished": "error.unfinished",
  unreachable: "error.unreachable",
  "no-account": "error.no-account",
  "no-bucket": "error.no-bucket",
  "not-confirmed": "error.not-confirmed",
  "own-account": "error.own-account",
  "guards-a-key": "error.guards-a-key",
  importing: "error.importing",
  "quotas-full": "error.quotas-full",
  "deletion-goes-on": "error.deletion-goes-on",
  "not-in-all-databases": "error.not-in-all-databases",
  "invitation-over": "error.invitation-over",
  "no-invitation": "error.no-invitation",
  "long-note": "error.long-note",
  "bad-number": "error.bad-number",
  "bad-password": "error.bad-password",
};

/** @returns {Phrase|Refused} With the field where it is about one. */
export function explain(error) {
  const phrase =
    error.word === "too-many-failures" ? t("error.too-many-failures", { minutes: Math.max(1, Math.ceil((error.retryAfter ?? 60) / 60)) })
    : TEXTS[error.word] ? t(TEXTS[error.word])
    : t("error.unexpected", { message: error.message });
  return error.field ? new Refused(phrase, error.field) : phrase;
}

/** The same where there is no field. */
export const say = (error) => {
  const said = explain(error);
  return said instanceof Refused ? said.phrase : said;
};
