// The pages' own modules, which Node can run as they are: those that need no document.
const ROOT = new URL("../../src/Gateway.FirefoxAccounts/Pages/Files/", import.meta.url);

export const FILES = ROOT;
export const SHELL = new URL("../../src/Gateway/Pages/Files/", import.meta.url);

export const load = (path) => import(new URL(path, ROOT));
