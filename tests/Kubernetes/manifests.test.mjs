import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { builds, root } from "./build.mjs";
import { broken, rules } from "./rules.mjs";
import { schemaProblems } from "./schema.mjs";

const all = builds();
const problems = schemaProblems(all.map(build => build.objects));

all.forEach((build, index) => {
  test(`${build.name}: has objects, and each is what Kubernetes' types say`, () => {
    assert.ok(build.objects.length > 0);
    assert.deepEqual(problems[index], []);
  });

  for (const rule of Object.keys(rules)) {
    test(`${build.name}: ${rule}`, () => assert.deepEqual(broken(rule, build), []));
  }
});

test("the Dockerfile copies every project that restore needs, and starts the program", () => {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  const needed = new Set();
  const visit = project => {
    if (needed.has(project) || !existsSync(join(root, "src", project, `${project}.csproj`))) return;
    needed.add(project);
    const source = readFileSync(join(root, "src", project, `${project}.csproj`), "utf8");
    for (const [, other] of source.matchAll(/<ProjectReference Include="\.\.\/([^/]+)\//g)) visit(other);
  };
  readdirSync(join(root, "src")).forEach(visit);
  assert.ok(needed.size > 0);
  for (const project of needed) assert.match(dockerfile, new RegExp(`COPY src/${project}/${project}\\.csproj .*src/${project}/\n`));
  assert.match(dockerfile, /ENTRYPOINT \["dotnet", "\/app\/lockstep\.dll"\]/);
});

test("Dockerfile, container properties and manifests agree", () => {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  const properties = readFileSync(join(root, "src/Silo/Container.props"), "utf8");
  const base = all.find(build => build.name === "base").objects;
  const [silo] = base.find(object => object.metadata.name === "lockstep-silo" && object.kind === "Deployment").spec.template.spec.containers;
  const ports = silo.ports.map(port => port.containerPort);
  assert.match(dockerfile, new RegExp(`EXPOSE ${ports.join(" ")}\n`));
  assert.match(properties, new RegExp(`<ContainerPort Include="${ports.join(";")}"`));
  const [, user] = /\nUSER (\d+)\n/.exec(dockerfile);
  assert.match(properties, new RegExp(`<ContainerUser>${user}</ContainerUser>`));
  for (const object of base.filter(({ kind }) => ["Deployment", "Job"].includes(kind))) {
    assert.equal(object.spec.template.spec.securityContext.runAsUser, Number(user));
  }
  const [, family] = /aspnet:10\.0-(\S+)\n/.exec(dockerfile);
  assert.match(properties, new RegExp(`<ContainerFamily>${family}</ContainerFamily>`));
});
