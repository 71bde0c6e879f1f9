// Writes the pods of the overlay "dev", one a file, as podman's "kube play" takes them: tests/containers plays them.
//   node pods.mjs DIRECTORY NETWORK DATABASE-PORT     NETWORK: the first three numbers of the pods' addresses
// Prints a line for each pod: its name, address, container, the seconds that it has to stop, and the paths of its probes.
// What podman does otherwise than Kubernetes, or not at all, is changed here, and nothing else.
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { builds } from "./build.mjs";

const [directory, network, databasePort] = process.argv.slice(2);
const { objects } = builds().find(({ name }) => name === "overlays/dev");
const named = (kind, name) => objects.find(object => object.kind === kind && object.metadata.name === name);
let last = 10;

for (const { kind, metadata, spec } of objects) {
  // As many as the overlay has, and for each one that takes its place.
  const count = { Job: 1, Deployment: 2 * spec?.replicas }[kind] ?? 0;
  for (let number = 1; number <= count; number++) write(spec.template, `${metadata.name}-${number}`, `${network}.${++last}`);
}

function write(template, name, address) {
  const spec = structuredClone(template.spec);
  const [container] = spec.containers;
  const probes = ["startupProbe", "livenessProbe", "readinessProbe"];
  const paths = probes.flatMap(probe => container[probe]?.httpGet.path ?? []);

  // All pods are on one network, where each has an address of its own.
  spec.hostNetwork = true;
  container.env = (container.env ?? []).map(variable => (variable.valueFrom?.fieldRef.fieldPath === "status.podIP" ? { name: variable.name, value: address } : variable));
  delete container.ports;

  // Nobody answers for the Service's name. These settings are changed where they are: in podman they go before those of the container.
  const maps = container.envFrom.map(({ configMapRef }) => structuredClone(named("ConfigMap", configMapRef.name)));
  for (const { data } of maps) {
    if (data.LOCKSTEP_URLS !== undefined) data.LOCKSTEP_URLS = `http://${address}:8888`;
    data.LOCKSTEP_POSTGRES__CONNECTION = data.LOCKSTEP_POSTGRES__CONNECTION.replace("Host=postgresql;", `Host=127.0.0.1;Port=${databasePort};`);
  }

  // It is the node that asks; tests/containers does.
  for (const probe of probes) delete container[probe];

  // podman has no volumes from secrets: the same files, with the group and the mode that Kubernetes gives them.
  spec.volumes = spec.volumes.map(({ name: volume, secret, ...other }) => {
    if (secret === undefined) return { name: volume, ...other };
    const path = join(directory, name, volume);
    mkdirSync(path, { recursive: true });
    for (const [file, value] of Object.entries(named("Secret", secret.secretName).data)) {
      writeFileSync(join(path, file), Buffer.from(value, "base64"));
      chownSync(join(path, file), 0, spec.securityContext.fsGroup);
      chmodSync(join(path, file), secret.defaultMode);
    }
    return { name: volume, hostPath: { path, type: "Directory" } };
  });

  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, labels: template.metadata.labels }, spec };
  writeFileSync(join(directory, `${name}.yaml`), [...maps, pod].map(object => stringify(object)).join("---\n"));
  console.log(name, address, `${name}-${container.name}`, spec.terminationGracePeriodSeconds ?? 30, ...paths);
}
