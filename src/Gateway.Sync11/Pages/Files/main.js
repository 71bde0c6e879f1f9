// The pages of Sync 1.1: shows what the path asks for.
import { layOut } from "./shell/layout.js";
import { loadTexts } from "./shell/texts.js";
import { remove } from "./views/remove.js";
import { reset } from "./views/reset.js";

/** Behind whatever prefix the server lies. */
const view = location.pathname.endsWith("/weave-delete-account") ? remove : reset;

// No await out here, which older browsers of this protocol's clients cannot read.
void loadTexts().then(() => {
  layOut();
  view();
});
