// What an error means for the person who sees it, and what they can do.
import { Refusal, Unreachable } from "../api.js";
import { BrowserError } from "../browser.js";
import { t } from "../shell/texts.js";

const TEXTS = {
  101: "error.exists",
  102: "error.wrong-password",
  103: "error.wrong-password",
  104: "error.unverified",
  105: "error.code",
  110: "error.session",
  138: "error.unverified",
  154: "error.factor-there",
  155: "error.no-factor",
  156: "error.recovery-code",
  158: "error.recovery-key",
  159: "error.recovery-key",
  162: "error.client",
  163: "error.scope",
  167: "error.redirect",
  168: "error.client-request",
  169: "error.client-request",
  183: "error.factor-code",
  202: "error.no-mail",
  207: "error.may-not-register",
  208: "error.app-passwords",
};

/** @param {Error} error @param {Record<number, string>} own Keys of texts, for errors that mean something else here. */
export function explain(error, own = {}) {
  if (error instanceof Unreachable) {
    return t("error.unreachable");
  }

  if (error instanceof BrowserError) {
    return t("browser.failed", { message: error.message });
  }

  if (!(error instanceof Refusal)) {
    return t("error.unexpected", { message: error.message });
  }

  if (error.status === 429) {
    const minutes = Math.max(1, Math.ceil((error.retryAfter ?? 60) / 60));
    return minutes === 1 ? t("error.wait-minute") : t("error.wait", { minutes });
  }

  const key = own[error.errno] ?? TEXTS[error.errno] ?? (error.status === 503 ? "error.busy" : undefined);
  return key ? t(key) : t("error.unexpected", { message: error.message });
}
