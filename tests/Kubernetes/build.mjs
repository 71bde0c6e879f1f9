// Builds what is under k8s/ with kustomize, which kubectl has inside. No cluster is asked.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Each overlay, the base, and the base with each component: name and objects. */
export function builds() {
  // A kubectl from before 1.24 does not even tell.
  const { kustomizeVersion: version } = JSON.parse(kubectl("version", "--client", "--output=json"));
  if (!/^v([5-9]|\d\d)\./.test(version)) throw new Error(`kubectl 1.27 or newer is needed, for kustomize 5; it has ${version ?? "an older one"}.`);
  const overlays = readdirSync(join(root, "k8s/overlays")).map(name => `overlays/${name}`);
  const components = readdirSync(join(root, "k8s/components"));
  return [
    ...["base", ...overlays].map(name => ({ name, objects: parse(kubectl("kustomize", join(root, "k8s", name))) })),
    ...components.map(name => ({ name: `base with components/${name}`, objects: withComponent(name) })),
  ];
}

/** Throws on what is not quite YAML, a key that is there twice for example. */
export function parse(text) {
  // 1.1 is what Kubernetes reads: 0440 is a number in octal there.
  return parseAllDocuments(text, { version: "1.1", strict: true, uniqueKeys: true }).map(document => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

function withComponent(name) {
  const directory = mkdtempSync(join(tmpdir(), "lockstep-kustomize-"));
  try {
    const path = folder => JSON.stringify(relative(directory, join(root, "k8s", folder)));
    writeFileSync(
      join(directory, "kustomization.yaml"),
      `namespace: lockstep\nresources: [${path("base")}]\ncomponents: [${path(`components/${name}`)}]\n`,
    );
    return parse(kubectl("kustomize", directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function kubectl(...args) {
  const { error, status, stdout, stderr } = spawnSync("kubectl", args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (error !== undefined) throw error;
  // Kustomize warns of deprecated fields.
  if (status !== 0 || stderr.includes("# Warning")) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}
