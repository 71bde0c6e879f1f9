// What a person does on a page.
export const PASSWORD = "correct horse battery";

export const shows = (page, view) => page.waitForSelector(`[data-view="${view}"]`, { timeout: 20_000 });

export const submit = (page, form) => page.click(`form[name="${form}"] button[type=submit]`);

export async function signUp(page, email, { password = PASSWORD, path = "/signup" } = {}) {
  await page.goto(page.server.address + path);
  await shows(page, "join");
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await page.fill("[name=repeated]", password);
  await submit(page, "sign-up");
}

export async function signIn(page, email, { password = PASSWORD, path = "/signin" } = {}) {
  await page.goto(page.server.address + path);
  await shows(page, "enter");
  await typeSignIn(page, email, password);
}

export async function typeSignIn(page, email, password = PASSWORD) {
  const field = page.locator("[name=email]");
  if (await field.isEditable()) {
    await field.fill(email);
  }

  await page.fill("[name=password]", password);
  await submit(page, "sign-in");
}

/** What the form says is wrong. */
export const problem = (page) => page.locator(".problem:not(:empty), .wrong:not(:empty)").first().innerText();

/** Opens a part of the settings and says the password there. */
export async function openPart(page, id, button = "button[aria-expanded=false]") {
  await page.locator(`#${id} ${button}`).first().click();
}

export const told = (page, command) => page.evaluate((name) => window.told.filter((message) => message.command === name).map(({ data }) => data), command);
