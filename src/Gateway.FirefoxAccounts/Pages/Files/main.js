// The pages of the account server: finds out who shows the page and what for, and shows what the path asks for.
import { App } from "./app.js";
import { layOut } from "./shell/layout.js";
import { loadTexts } from "./shell/texts.js";

await loadTexts();
layOut();
await new App().start();
