// The console, and the page at the root: shows what the path asks for.
import { App } from "./app.js";
import { layOut } from "./shell/layout.js";
import { loadTexts } from "./shell/texts.js";

await loadTexts();
layOut();
await new App().start();
