// Takes the pictures of docs/pages: each page as on a phone, light and dark beside each other, and what is wider as on a computer.
import { openPage, startChromium } from "./browser.mjs";
import { startFake } from "./fake-server.mjs";
import { GALLERY } from "./gallery.mjs";
import { COMPUTER, PHONE, picture, save } from "./pictures.mjs";

const [, , ...only] = process.argv;

const browser = await startChromium();
for (const [name, { firefox, wide, show }] of Object.entries(GALLERY).filter(([name]) => only.length === 0 || only.includes(name))) {
  const pictures = [];
  for (const colorScheme of wide ? ["light"] : ["light", "dark"]) {
    const server = await startFake();
    const page = await openPage(browser, { viewport: wide ? COMPUTER : PHONE, colorScheme, reducedMotion: "reduce" }, firefox && { kind: firefox });
    page.server = server;
    await show(page);
    pictures.push(await picture(page));
    await page.context().close();
    await server.stop();
  }

  await save(browser, name, pictures);
}

await browser.close();
