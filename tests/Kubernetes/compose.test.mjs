import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse as parseYaml } from "yaml";
import { root } from "./build.mjs";
import { knownSettings, orleansConnections, otherConnections, version } from "./rules.mjs";

const read = path => readFileSync(join(root, path), "utf8");
// <<, as Compose reads it.
const parse = text => parseYaml(text, { merge: true, strict: true, uniqueKeys: true });
const compose = Object.fromEntries(["sqlite", "cluster"].map(name => [name, parse(read(`compose/${name}.yaml`))]));
const ours = file => Object.entries(file.services).filter(([, service]) => service.image?.startsWith("lockstep:"));
const settings = service => service.environment ?? {};

for (const [name, file] of Object.entries(compose)) {
  test(`compose/${name}.yaml: its servers are of this version, and run with no more rights than they need`, () => {
    assert.ok(ours(file).length > 0);
    for (const [label, service] of ours(file)) {
      assert.equal(service.image, `lockstep:${version}`, label);
      assert.deepEqual(
        [service.read_only, service.cap_drop, service.security_opt, service.privileged, service.user],
        [true, ["ALL"], ["no-new-privileges:true"], undefined, undefined],
        label,
      );
    }
  });

  test(`compose/${name}.yaml: every setting is known`, () => {
    const known = knownSettings();
    const unknown = ours(file).flatMap(([label, service]) => Object.keys(settings(service)).filter(setting => !known.has(setting)).map(setting => `${label}: ${setting}`));
    assert.deepEqual(unknown, []);
  });

  test(`compose/${name}.yaml: what services name is there, and ports are this machine's alone`, () => {
    const named = Object.entries(file.services).flatMap(([label, service]) => [
      ...(service.volumes ?? []).map(volume => [label, volume.split(":")[0], Object.keys(file.volumes)]),
      ...Object.keys(service.depends_on ?? {}).map(other => [label, other, Object.keys(file.services)]),
      ...(Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {})).map(network => [label, network, ["default", ...Object.keys(file.networks ?? {})]]),
    ]);
    assert.ok(named.length > 0);
    for (const [label, one, there] of named) assert.ok(there.includes(one), `${label} names ${one}`);
    const ports = Object.values(file.services).flatMap(service => service.ports ?? []);
    assert.ok(ports.length > 0);
    assert.ok(ports.every(port => /^127\.0\.0\.1:\d+:8888$/.test(port)), ports.join());
    assert.equal(new Set(ports).size, ports.length);
  });

  test(`compose/${name}.yaml: a server is given the time that its stop takes`, () => {
    const shutdown = Number(/`ShutdownTimeout` \| `00:00:(\d+)`/.exec(read("docs/operations/configuration.md"))[1]);
    for (const [label, service] of ours(file)) assert.ok(Number.parseInt(service.stop_grace_period, 10) > shutdown, label);
  });
}

test("compose/sqlite.yaml: data lies in a volume, in a directory that the image gives to its user", () => {
  const { environment, volumes } = compose.sqlite.services.lockstep;
  assert.deepEqual(volumes, [`data:${environment.LOCKSTEP_DATA_DIRECTORY}`]);
  assert.match(read("Dockerfile"), new RegExp(`COPY --from=build --chown=1654:1654 \\S+ ${environment.LOCKSTEP_DATA_DIRECTORY}\n`));
});

test("compose/cluster.yaml: three silos at addresses of their own, two gateways, and one that changes the schema", () => {
  const { services, networks } = compose.cluster;
  const withRole = role => ours(compose.cluster).filter(([, service]) => settings(service).LOCKSTEP_ROLE === role);
  const [silos, gateways] = [withRole("silo"), withRole("gateway")];
  assert.deepEqual([silos.length, gateways.length], [3, 2]);

  const addresses = silos.map(([, service]) => service.networks.cluster.ipv4_address);
  const subnet = networks.cluster.ipam.config[0].subnet;
  assert.equal(new Set(addresses).size, 3);
  assert.ok(subnet.endsWith(".0/24") && addresses.every(address => address.startsWith(subnet.slice(0, -4))));
  assert.deepEqual(silos.map(([, service]) => settings(service).LOCKSTEP_CLUSTER__ADDRESS), addresses);

  assert.deepEqual(services.migration.command, ["migrate"]);
  assert.equal(services.migration.restart, "no");
  for (const [label, service] of [...silos, ...gateways]) {
    assert.equal(settings(service).LOCKSTEP_POSTGRES__MIGRATE, "false", label);
    assert.equal(service.depends_on.migration.condition, "service_completed_successfully", label);
  }
});

test("compose/cluster.yaml: silos and the database are reached by nobody else, and connections fit", () => {
  const { services, networks } = compose.cluster;
  assert.equal(networks.cluster.internal, true);
  for (const label of ["postgresql", "migration", "silo-1", "silo-2", "silo-3"]) {
    assert.equal(services[label].ports, undefined, label);
    assert.deepEqual(Array.isArray(services[label].networks) ? services[label].networks : Object.keys(services[label].networks), ["cluster"], label);
  }

  const standard = Number(/`Postgres:MaxConnections` \| `(\d+)`/.exec(read("docs/operations/configuration.md"))[1]);
  const most = ours(compose.cluster)
    .filter(([label]) => label !== "migration")
    .reduce((sum, [, service]) => sum + Number(settings(service).LOCKSTEP_POSTGRES__MAX_CONNECTIONS ?? standard) + orleansConnections, otherConnections);
  assert.ok(most <= Number(services.postgresql.command[1].split("=")[1]), `${most}`);
});

test("compose/cluster.yaml: its PostgreSQL is that of the Kubernetes overlay, and no password is in it", () => {
  const text = read("compose/cluster.yaml");
  assert.ok(read("k8s/overlays/dev/postgresql.yaml").includes(`image: ${compose.cluster.services.postgresql.image}\n`));
  assert.deepEqual([...text.matchAll(/PASSWORD: |Password=/g)].length, [...text.matchAll(/(PASSWORD: |Password=)\$\{DATABASE_PASSWORD:\?/g)].length);
});
