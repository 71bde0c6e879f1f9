// Takes the pictures of the console for docs/pages, at the built server: as `screenshots.mjs` does those of the account pages.
import { startServer } from "../Clients/server.mjs";
import { openPage, startChromium } from "./browser.mjs";
import { CONSOLE, QUOTAS } from "./console-gallery.mjs";
import { COMPUTER, PHONE, picture, save } from "./pictures.mjs";

const [, , ...only] = process.argv;

const [browser, server] = await Promise.all([startChromium(), startServer({ "accounts:registration": "open", ...QUOTAS })]);
for (const [name, { wide, show }] of Object.entries(CONSOLE).filter(([name]) => only.length === 0 || only.includes(name))) {
  const pictures = [];
  for (const colorScheme of wide ? ["light"] : ["light", "dark"]) {
    const page = await openPage(browser, { viewport: wide ? COMPUTER : PHONE, colorScheme, reducedMotion: "reduce" });
    page.server = server;
    await show(page);
    pictures.push(await picture(page));
    await page.context().close();
  }

  await save(browser, name, pictures);
}

await browser.close();
await server.stop();
