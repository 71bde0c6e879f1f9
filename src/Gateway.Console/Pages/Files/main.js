// The console: shows what the path asks for.
import { layOut, show } from "./shell/layout.js";
import { loadTexts, t } from "./shell/texts.js";

await loadTexts();
layOut();
show({ name: "overview", title: t("overview.title"), body: [] });
