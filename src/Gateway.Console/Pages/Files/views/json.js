// Data as it is stored, indented.
import { h } from "../shell/dom.js";

/** @param {Phrase} label What a screen reader calls it. */
export const json = (data, label) => h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": label }, h("code", {}, JSON.stringify(data, null, 2)));
