// What is asked of the server, as docs/protocol/sync11.md has it: a form, sent to where its page is.
import { Refused } from "./shell/forms.js";
import { t } from "./shell/texts.js";

/** Fields by what is wrong with them. */
const FIELDS = {
  "no-username": "username",
  "unknown-user": "username",
  "no-address": "username",
  "no-password": "password",
  "weak-password": "password",
  "passwords-differ": "confirm",
  "wrong-code": "key",
  "wrong-credentials": "password",
};

const TEXTS = {
  "no-username": "error.no-username",
  "unknown-user": "error.unknown-user",
  "no-address": "error.no-address",
  "no-mail": "error.no-mail",
  "no-password": "error.no-password",
  "weak-password": "error.weak-password",
  "passwords-differ": "error.passwords-differ",
  "wrong-code": "error.wrong-code",
  "wrong-credentials": "error.wrong-credentials",
  "changed-meanwhile": "error.changed-meanwhile",
  "not-deleted": "error.changed-meanwhile",
};

/** @throws {Refused} The server did not do it. */
export async function send(fields) {
  let response;
  let answer;
  try {
    response = await fetch(location.pathname, {
      method: "POST",
      body: new URLSearchParams(fields),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    answer = await response.json().catch(() => null);
  } catch {
    throw new Refused(t("error.unreachable"));
  }

  if (response.ok) {
    return;
  }

  if (TEXTS[answer?.result]) {
    throw new Refused(t(TEXTS[answer.result]), FIELDS[answer.result]);
  }

  if (response.status !== 503) {
    throw new Refused(t("error.unexpected", { status: response.status }));
  }

  const minutes = Math.ceil(Number(response.headers.get("Retry-After") ?? 60) / 60);
  throw new Refused(minutes > 1 ? t("error.wait", { minutes }) : t("error.wait-minute"));
}

/** What no server has said. */
export const explain = (error) => t("error.unexpected", { status: error.message });
