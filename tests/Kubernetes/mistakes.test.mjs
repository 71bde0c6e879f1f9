// The checks can fail: each of these mistakes is made in a build that is right, and must be found by the check that is for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { builds, parse } from "./build.mjs";
import { broken } from "./rules.mjs";
import { schemaProblems } from "./schema.mjs";

const all = builds();

// A copy of a build, and in it an object, the pod of a workload, and its container.
function copy(name) {
  const build = structuredClone(all.find(other => other.name === name));
  const get = (kind, named) => build.objects.find(object => object.kind === kind && object.metadata.name.startsWith(named));
  const pod = named => (get("Deployment", named) ?? get("Job", named) ?? get("StatefulSet", named)).spec.template;
  return { build, get, pod, container: named => pod(named).spec.containers[0] };
}

const schema = {
  "an unknown field": [({ container }) => (container("lockstep-silo").readinessProbe.httpGet.pth = "/"), /readinessProbe\.httpGet\.pth.*does not exist/],
  "an unknown field at the top": [({ get }) => (get("Service", "lockstep-gateway").specs = {}), /specs.*does not exist/],
  "a wrong type": [({ get }) => (get("PodDisruptionBudget", "lockstep-silo").spec.maxUnavailable = true), /maxUnavailable/],
  "text for a number": [({ get }) => (get("HorizontalPodAutoscaler", "lockstep-silo").spec.maxReplicas = "12"), /maxReplicas/],
  "a missing field": [({ get }) => delete get("Deployment", "lockstep-silo").spec.selector, /selector/],
  "a value that is not one of those allowed": [({ container }) => (container("lockstep-silo").imagePullPolicy = "Sometimes"), /imagePullPolicy/],
  "a quantity that is none": [({ container }) => (container("lockstep-silo").resources.limits.memory = "much"), /memory/],
  "a kind that is not there": [({ get }) => (get("Service", "lockstep-gateway").kind = "Servise"), /no such kind/],
  "a version that is not there": [({ get }) => (get("HorizontalPodAutoscaler", "lockstep-silo").apiVersion = "autoscaling/v9"), /no such kind/],
};

// Together, since the compiler takes most of the time at its start.
const found = schemaProblems(
  Object.values(schema).map(([mistake]) => {
    const { build, ...tools } = copy("overlays/production");
    mistake(tools);
    return build.objects;
  }),
);
Object.entries(schema).forEach(([name, [, message]], index) => {
  test(`found by the types: ${name}`, () => assert.match(found[index].join("\n"), message));
});

test("found by the reader: a key that is there twice", () => {
  assert.throws(() => parse("kind: Service\nkind: Pod\n"), /unique/);
});

const silo = { "app.kubernetes.io/name": "lockstep", "app.kubernetes.io/component": "silos" };
const mistakes = {
  "names are unique, and every object is labelled and in the namespace": {
    "an object without its namespace": ({ get }) => delete get("Ingress", "lockstep-gateway").metadata.namespace,
    "a label that is missing": ({ get }) => delete get("Service", "lockstep-gateway").metadata.labels["app.kubernetes.io/name"],
    "a name twice": ({ build, get }) => build.objects.push(get("Service", "lockstep-gateway")),
  },
  "what is applied in order has the component that the order goes by": {
    "a workload without a component": ({ get }) => delete get("Job", "lockstep-migration").metadata.labels["app.kubernetes.io/component"],
  },
  "workloads and Services select pods that are there, by ports that are there": {
    "a Service with a wrong selector": ({ get }) => (get("Service", "lockstep-gateway").spec.selector = silo),
    "a Service for all pods": ({ get }) => delete get("Service", "lockstep-gateway").spec.selector["app.kubernetes.io/component"],
    "a Service with a port that is not there": ({ get }) => (get("Service", "lockstep-gateway").spec.ports[0].targetPort = "web"),
    "a Deployment with a wrong selector": ({ get }) => (get("Deployment", "lockstep-silo").spec.selector.matchLabels = silo),
    "an Ingress to another Service": ({ get }) => (get("Ingress", "lockstep-gateway").spec.rules[0].http.paths[0].backend.service.name = "gateway"),
  },
  "servers have all probes, on ports that are there": {
    "a probe of a port that is not there": ({ container }) => (container("lockstep-silo").livenessProbe.httpGet.port = 8080),
    "readiness asks for life": ({ container }) => (container("lockstep-gateway").readinessProbe.httpGet.path = "/health/live"),
    "no startup probe": ({ container }) => delete container("lockstep-gateway").startupProbe,
  },
  "autoscalers and disruption budgets are of workloads that are there": {
    "an autoscaler of nothing": ({ get }) => (get("HorizontalPodAutoscaler", "lockstep-silo").spec.scaleTargetRef.name = "lockstep-silos"),
    "a budget of nothing": ({ get }) => (get("PodDisruptionBudget", "lockstep-silo").spec.selector.matchLabels = silo),
    "replicas beside an autoscaler": ({ get }) => (get("Deployment", "lockstep-silo").spec.replicas = 3),
    "an autoscaler upside down": ({ get }) => (get("HorizontalPodAutoscaler", "lockstep-silo").spec.maxReplicas = 2),
  },
  "rollouts replace pods one at a time, the new one first": {
    "two at a time": ({ get }) => (get("Deployment", "lockstep-silo").spec.strategy.rollingUpdate.maxSurge = 2),
    "the old one first": ({ get }) => (get("Deployment", "lockstep-gateway").spec.strategy.rollingUpdate.maxUnavailable = 1),
  },
  "network policies deny all, then name pods and ports that are there, on both sides": {
    "nothing denied": ({ get }) => (get("NetworkPolicy", "default-deny").spec.policyTypes = ["Ingress"]),
    "a policy for no pods": ({ get }) => (get("NetworkPolicy", "silo").spec.podSelector.matchLabels = silo),
    "a peer that is no pod": ({ get }) => (get("NetworkPolicy", "gateway").spec.egress[0].to[0].podSelector.matchLabels = silo),
    "a wrong port": ({ get }) => (get("NetworkPolicy", "silo").spec.ingress[0].ports[0].port = 11112),
    "in, but not out": ({ get }) => (get("NetworkPolicy", "silo").spec.egress[0].ports[0].port = 8888),
    "silos closed to gateways": ({ get }) => {
      get("NetworkPolicy", "silo").spec.ingress.pop();
      Object.assign(get("NetworkPolicy", "gateway").spec, { policyTypes: ["Ingress"], egress: undefined });
    },
  },
  "a policy lets our pods, and no others, reach the database": {
    "silos cannot": ({ get }) => (get("NetworkPolicy", "database").spec.podSelector.matchLabels["app.kubernetes.io/component"] = "gateway"),
  },
  "every container runs with no more rights than it needs": {
    "a root that can be written": ({ container }) => (container("lockstep-silo").securityContext.readOnlyRootFilesystem = false),
    "no security context": ({ container }) => delete container("lockstep-migration").securityContext,
    "a capability": ({ container }) => (container("lockstep-silo").securityContext.capabilities.add = ["NET_ADMIN"]),
    "a user that may be root": ({ pod }) => delete pod("lockstep-gateway").spec.securityContext.runAsNonRoot,
    "a token": ({ pod }) => delete pod("lockstep-gateway").spec.automountServiceAccountToken,
    "no memory limit": ({ container }) => delete container("lockstep-gateway").resources.limits,
    "a volume of the node": ({ pod }) => pod("lockstep-silo").spec.volumes.push({ name: "x", hostPath: { path: "/" } }),
    "an init container with more": ({ pod }) => (pod("lockstep-silo").spec.initContainers = [{ name: "x", image: "x:1" }]),
  },
  "secrets are only referred to, and the guide names them": {
    "a secret in the repository": ({ build }) => build.objects.push({ apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, data: {} }),
    "a password in a setting": ({ get }) => (get("ConfigMap", "lockstep").data.LOCKSTEP_POSTGRES__CONNECTION += ";Password=x"),
    "a password in a URI": ({ container }) => container("lockstep-silo").env.push({ name: "X", value: "postgresql://u:p@db/lockstep" }),
    "the owner's secret for a server": ({ pod }) => (pod("lockstep-silo").spec.volumes[0].secret.secretName = "lockstep-database-owner"),
    "a secret that the guide does not know": ({ pod }) => (pod("lockstep-silo").spec.volumes[0].secret.secretName = "other"),
  },
  "what pods refer to is there": {
    "a ConfigMap that is not there": ({ container }) => (container("lockstep-silo").envFrom[0].configMapRef.name = "lockstep"),
    "a volume that is not there": ({ pod }) => pod("lockstep-silo").spec.volumes.pop(),
    "a file where nothing is mounted": ({ container }) => container("lockstep-gateway").volumeMounts.splice(0, 1),
    "a certificate where nothing is mounted": ({ container }) => container("lockstep-silo").volumeMounts.pop(),
    "a service account that is not there": ({ pod }) => (pod("lockstep-silo").spec.serviceAccountName = "silo"),
  },
  "every setting is known, and nothing else looks like one": {
    "a setting that is none": ({ container }) => container("lockstep-silo").env.push({ name: "LOCKSTEP_DRAIN", value: "1" }),
    "a setting that is none, in the ConfigMap": ({ get }) => (get("ConfigMap", "lockstep").data.LOCKSTEP_POSTGRES_MIGRATE = "false"),
    "variables of Services": ({ pod }) => delete pod("lockstep-silo").spec.enableServiceLinks,
  },
  "a pod is given the time that its stop takes": {
    "too little": ({ pod }) => (pod("lockstep-gateway").spec.terminationGracePeriodSeconds = 30),
    "a hook that takes it": ({ container }) => (container("lockstep-gateway").lifecycle = { preStop: { sleep: { seconds: 10 } } }),
    "seconds that are days": ({ container }) =>
      (container("lockstep-silo").env.find(variable => variable.name === "LOCKSTEP_SHUTDOWN_TIMEOUT").value = "30"),
    "no drain": ({ container }) =>
      (container("lockstep-gateway").env.find(variable => variable.name === "LOCKSTEP_HTTP__DRAIN_TIME").value = "00:00:01"),
  },
  "the most processes' connections fit the database": {
    "more silos": ({ get }) => (get("HorizontalPodAutoscaler", "lockstep-silo").spec.maxReplicas = 20),
    "more connections": ({ container }) =>
      (container("lockstep-gateway").env.find(variable => variable.name === "LOCKSTEP_POSTGRES__MAX_CONNECTIONS").value = "30"),
  },
  "images have a fixed tag, ours the version of this source": {
    latest: ({ container }) => (container("lockstep-silo").image = "registry.example.org/lockstep:latest"),
    "no tag": ({ container }) => (container("lockstep-silo").image = "registry.example.org:5000/lockstep"),
    "another version": ({ container }) => (container("lockstep-migration").image = "registry.example.org/lockstep:0.0.9"),
  },
};

for (const [rule, made] of Object.entries(mistakes)) {
  for (const [name, mistake] of Object.entries(made)) {
    test(`${rule}: finds ${name}`, () => {
      const { build, ...tools } = copy("overlays/production");
      mistake({ build, ...tools });
      assert.notDeepEqual(broken(rule, build), []);
    });
  }
}

test("secrets: finds another password than the one for development", () => {
  const { build, get } = copy("overlays/dev");
  get("Secret", "postgresql").data.password = Buffer.from("s3cr3t").toString("base64");
  assert.notDeepEqual(broken("secrets are only referred to, and the guide names them", build), []);
});

test("secrets: finds one that is not there", () => {
  const { build, pod } = copy("overlays/dev");
  pod("lockstep-silo").spec.volumes[0].secret.secretName = "lockstep-database";
  assert.notDeepEqual(broken("secrets are only referred to, and the guide names them", build), []);
});

test("connections: finds a database that has too few", () => {
  const { build, container } = copy("overlays/dev");
  container("postgresql").args = ["-c", "max_connections=100"];
  assert.notDeepEqual(broken("the most processes' connections fit the database", build), []);
});
