// What must hold between the objects of one build, and what Kubernetes' types do not say. Each rule is given { name, objects } and
// returns what is wrong, as sentences.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build.mjs";
import { label } from "./schema.mjs";

const read = path => readFileSync(join(root, path), "utf8");
const guide = read("docs/operations/kubernetes.md");
export const version = /<Version>(.+)<\/Version>/.exec(read("Directory.Build.props"))[1];
const developmentPassword = "only-for-development";

/** Connections that a process may have beside Postgres:MaxConnections, for Orleans: membership and grain state. */
export const orleansConnections = 4;
/** For migrations and people. */
export const otherConnections = 30;

export const rules = {
  "names are unique, and every object is labelled and in the namespace": ({ objects }) => {
    const namespace = objects.find(is("Namespace")).metadata.name;
    const dns = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
    return [
      ...duplicates(objects.map(label)).map(name => `${name} is there twice`),
      ...objects.flatMap(object => {
        const { name, labels = {} } = object.metadata;
        return [
          !dns.test(name) && `${label(object)}: no good name`,
          object.kind !== "Namespace" && object.metadata.namespace !== namespace && `${label(object)} is not in ${namespace}`,
          !["lockstep", "postgresql"].includes(labels["app.kubernetes.io/name"]) && `${label(object)}: app.kubernetes.io/name`,
          labels["app.kubernetes.io/part-of"] !== "lockstep" && `${label(object)}: app.kubernetes.io/part-of`,
        ];
      }),
    ];
  },

  "what is applied in order has the component that the order goes by": ({ objects }) =>
    ["migration", "silo", "gateway"].map(
      component =>
        objects.filter(object => podOf(object) !== undefined && object.metadata.labels["app.kubernetes.io/component"] === component)
          .length !== 1 && `not one workload has app.kubernetes.io/component=${component}`,
    ),

  "workloads and Services select pods that are there, by ports that are there": ({ objects }) => [
    ...objects.filter(is("Deployment", "StatefulSet")).map(
      object => !selects(object.spec.selector, object.spec.template) && `${label(object)} does not select its own pods`,
    ),
    ...objects.filter(is("Service")).flatMap(service => {
      const pods = podsOf(objects).filter(pod => selects({ matchLabels: service.spec.selector }, pod.template));
      return [
        pods.length !== 1 && `${label(service)} selects the pods of ${pods.length} workloads`,
        ...pods.flatMap(pod =>
          service.spec.ports.map(port => !hasPort(pod, port.targetPort) && `${label(service)}: no port ${port.targetPort} in the pods`),
        ),
      ];
    }),
    ...objects.filter(is("Ingress")).flatMap(ingress =>
      ingress.spec.rules.flatMap(rule => rule.http.paths).map(({ backend }) => {
        const service = objects.find(object => object.kind === "Service" && object.metadata.name === backend.service.name);
        const { name, number } = backend.service.port;
        const there = service?.spec.ports.some(port => port.name === name || port.port === number);
        return !there && `${label(ingress)}: no Service ${backend.service.name} with that port`;
      }),
    ),
  ],

  "servers have all probes, on ports that are there": ({ objects }) =>
    servers(objects).flatMap(pod =>
      pod.spec.containers.flatMap(container =>
        ["startupProbe", "readinessProbe", "livenessProbe"].flatMap(name => {
          const probe = container[name];
          const path = name === "readinessProbe" ? "/health/ready" : "/health/live";
          return [
            probe === undefined && `${pod.label} has no ${name}`,
            probe?.httpGet && !hasPort(pod, probe.httpGet.port) && `${pod.label}: ${name} asks port ${probe.httpGet.port}, which is not there`,
            ours(pod) && probe && probe.httpGet?.path !== path && `${pod.label}: ${name} does not ask ${path}`,
          ];
        }),
      ),
    ),

  "autoscalers and disruption budgets are of workloads that are there": ({ objects }) => [
    ...objects.filter(is("HorizontalPodAutoscaler")).flatMap(scaler => {
      const { kind, name, apiVersion } = scaler.spec.scaleTargetRef;
      const target = objects.find(object => object.kind === kind && object.metadata.name === name && object.apiVersion === apiVersion);
      const { minReplicas, maxReplicas } = scaler.spec;
      return [
        target === undefined && `${label(scaler)}: there is no ${kind} ${name}`,
        target?.spec.replicas !== undefined && `${label(target)} has replicas, which each apply would set back`,
        !(minReplicas < maxReplicas) && `${label(scaler)}: ${minReplicas} to ${maxReplicas}`,
        ...(target?.spec.template.spec.containers ?? []).map(
          container => !container.resources?.requests?.cpu && `${label(scaler)}: a share of no CPU request`,
        ),
      ];
    }),
    ...objects.filter(is("Deployment")).map(
      object =>
        object.spec.replicas === undefined &&
        !objects.some(scaler => scaler.kind === "HorizontalPodAutoscaler" && scaler.spec.scaleTargetRef.name === object.metadata.name) &&
        `${label(object)} has neither replicas nor an autoscaler`,
    ),
    ...objects.filter(is("PodDisruptionBudget")).flatMap(budget => [
      podsOf(objects).filter(pod => selects(budget.spec.selector, pod.template)).length !== 1 && `${label(budget)} does not select one workload`,
      budget.spec.maxUnavailable !== 1 && `${label(budget)}: maxUnavailable is ${budget.spec.maxUnavailable}`,
    ]),
    ...objects.filter(is("Deployment")).map(
      object =>
        !objects.some(budget => budget.kind === "PodDisruptionBudget" && selects(budget.spec.selector, object.spec.template)) &&
        `${label(object)} has no PodDisruptionBudget`,
    ),
  ],

  "rollouts replace pods one at a time, the new one first": ({ objects }) =>
    objects.filter(is("Deployment")).map(object => {
      const { type, rollingUpdate } = object.spec.strategy ?? {};
      const good = type === "RollingUpdate" && rollingUpdate?.maxUnavailable === 0 && rollingUpdate.maxSurge === 1;
      return !(good && object.spec.minReadySeconds > 0) && `${label(object)}: strategy or minReadySeconds`;
    }),

  "network policies deny all, then name pods and ports that are there, on both sides": ({ objects }) => {
    const policies = objects.filter(is("NetworkPolicy"));
    const pods = podsOf(objects);
    const all = policies.find(policy => Object.keys(policy.spec.podSelector).length === 0);
    const problems = [
      JSON.stringify(all?.spec) !== JSON.stringify({ podSelector: {}, policyTypes: ["Ingress", "Egress"] }) && "nothing denies all",
    ];
    // From pod to pod, by port: said by the policies of the one side and of the other.
    const sides = { Ingress: new Set(), Egress: new Set() };
    for (const policy of policies.filter(policy => policy !== all)) {
      const own = pods.filter(pod => selects(policy.spec.podSelector, pod.template));
      if (own.length === 0) problems.push(`${label(policy)} selects no pods`);
      for (const [type, rules, side] of [["Ingress", policy.spec.ingress, "from"], ["Egress", policy.spec.egress, "to"]]) {
        if ((rules !== undefined) !== policy.spec.policyTypes.includes(type)) problems.push(`${label(policy)}: policyTypes`);
        for (const rule of rules ?? []) {
          if (!rule[side]?.length || !rule.ports?.length) problems.push(`${label(policy)}: a rule for all peers or all ports`);
          for (const peer of rule[side] ?? []) {
            if (peer.podSelector === undefined) continue;
            const others = pods.filter(pod => selects(peer.podSelector, pod.template));
            if (others.length === 0) problems.push(`${label(policy)}: no pods are such a peer`);
            for (const { port } of rule.ports ?? []) {
              const [sources, targets] = type === "Ingress" ? [others, own] : [own, others];
              for (const target of targets) {
                if (!hasPort(target, port)) problems.push(`${label(policy)}: ${target.label} has no port ${port}`);
                for (const source of sources) sides[type].add(`${source.label} to port ${port} of ${target.label}`);
              }
            }
          }
          if (type === "Ingress") {
            for (const { port } of rule.ports ?? []) {
              for (const target of own) if (!hasPort(target, port)) problems.push(`${label(policy)}: ${target.label} has no port ${port}`);
            }
          }
        }
      }
    }
    const expected = ["Deployment lockstep-silo to port 11111", "Deployment lockstep-gateway to port 30000"].map(
      way => `${way} of Deployment lockstep-silo`,
    );
    return [
      ...problems,
      ...expected.map(way => !sides.Ingress.has(way) && `closed: ${way}`),
      ...[...sides.Ingress].map(way => !sides.Egress.has(way) && `only let in, not out: ${way}`),
      ...[...sides.Egress].map(way => !sides.Ingress.has(way) && `only let out, not in: ${way}`),
    ];
  },

  "a policy lets our pods, and no others, reach the database": ({ name, objects }) => {
    if (!name.startsWith("overlays/")) return [];
    const policy = objects.find(object => object.kind === "NetworkPolicy" && object.metadata.name === "database");
    return podsOf(objects).map(pod => {
      const may = policy !== undefined && selects(policy.spec.podSelector, pod.template);
      return may !== ours(pod) && `${pod.label} ${may ? "may" : "cannot"} reach the database`;
    });
  },

  "every container runs with no more rights than it needs": ({ objects }) => [
    objects.find(is("Namespace")).metadata.labels["pod-security.kubernetes.io/enforce"] !== "restricted" && "the namespace is not restricted",
    ...podsOf(objects).flatMap(pod => {
      const { securityContext: context = {} } = pod.spec;
      return [
        pod.spec.automountServiceAccountToken !== false && `${pod.label} is given a token`,
        (pod.spec.hostNetwork || pod.spec.hostPID || pod.spec.hostIPC) && `${pod.label} shares the host's namespaces`,
        !(context.runAsNonRoot === true && context.runAsUser > 0) && `${pod.label} may run as root`,
        context.seccompProfile?.type !== "RuntimeDefault" && `${pod.label} has no seccomp profile`,
        ...(pod.spec.volumes ?? []).map(
          volume => !volume.emptyDir && !volume.secret && !volume.configMap && `${pod.label}: volume ${volume.name} is of another kind`,
        ),
        ...containersOf(pod).flatMap(({ name, securityContext: own = {}, resources = {}, ports = [] }) => [
          own.allowPrivilegeEscalation !== false && `${pod.label}: ${name} may get more rights`,
          own.readOnlyRootFilesystem !== true && `${pod.label}: ${name} may write its image`,
          own.privileged && `${pod.label}: ${name} is privileged`,
          (own.runAsUser === 0 || own.runAsNonRoot === false) && `${pod.label}: ${name} may run as root`,
          own.seccompProfile && `${pod.label}: ${name} has another seccomp profile`,
          (own.capabilities?.drop?.join() !== "ALL" || own.capabilities.add) && `${pod.label}: ${name} has capabilities`,
          !(resources.requests?.cpu && resources.requests?.memory && resources.limits?.memory) && `${pod.label}: ${name} has no resources`,
          ports.some(port => port.hostPort) && `${pod.label}: ${name} takes a port of the host`,
        ]),
      ];
    }),
    ...objects.filter(is("ServiceAccount")).map(account => account.automountServiceAccountToken !== false && `${label(account)} gives a token`),
  ],

  "secrets are only referred to, and the guide names them": ({ name, objects }) => {
    const development = name === "overlays/dev";
    const references = podsOf(objects).flatMap(pod => [
      ...(pod.spec.volumes ?? []).filter(volume => volume.secret).map(volume => [pod, volume.secret.secretName]),
      ...containersOf(pod).flatMap(container => [
        ...(container.envFrom ?? []).filter(source => source.secretRef).map(source => [pod, source.secretRef.name]),
        ...(container.env ?? []).filter(({ valueFrom }) => valueFrom?.secretKeyRef).map(({ valueFrom }) => [pod, valueFrom.secretKeyRef.name]),
      ]),
    ]);
    const tls = objects.filter(is("Ingress")).flatMap(ingress => ingress.spec.tls ?? []).map(entry => [undefined, entry.secretName]);
    const stored = objects.filter(is("Secret"));
    return [
      ...stored.flatMap(secret => [
        !development && `${label(secret)} is a secret in the repository`,
        ...Object.entries(secret.data ?? {}).map(
          ([key, value]) => !Buffer.from(value, "base64").toString().endsWith(developmentPassword) && `${label(secret)}: ${key} is not the development password`,
        ),
        secret.stringData && `${label(secret)} has stringData`,
      ]),
      ...[...references, ...tls].map(([, secret]) =>
        development
          ? !stored.some(object => object.metadata.name === secret) && `there is no Secret ${secret}`
          : !guide.includes(`\`${secret}\``) && `docs/operations/kubernetes.md does not say what ${secret} is`,
      ),
      ...references.map(
        ([pod, secret]) =>
          secret.startsWith("lockstep-database-owner") !== (pod.template.metadata.labels["app.kubernetes.io/component"] === "migration") &&
          secret.startsWith("lockstep-database") &&
          `${pod.label} has ${secret}`,
      ),
      ...everyValue(objects).map(
        ([where, value]) => /password\s*=|:\/\/[^/@]*:[^/@]*@|BEGIN [A-Z ]*PRIVATE KEY/i.test(value) && `${where} has a secret in it`,
      ),
    ];
  },

  "what pods refer to is there": ({ objects }) =>
    podsOf(objects).flatMap(pod => {
      const volumes = (pod.spec.volumes ?? []).map(volume => volume.name);
      const claims = (pod.object.spec.volumeClaimTemplates ?? []).map(claim => claim.metadata.name);
      return [
        pod.spec.serviceAccountName && !objects.some(object => object.kind === "ServiceAccount" && object.metadata.name === pod.spec.serviceAccountName) && `${pod.label}: no such service account`,
        ...containersOf(pod).flatMap(container => {
          const mounts = (container.volumeMounts ?? []).map(mount => `${mount.mountPath}/`);
          return [
            ...(container.volumeMounts ?? []).map(({ name }) => ![...volumes, ...claims].includes(name) && `${pod.label}: no volume ${name}`),
            ...(container.envFrom ?? []).map(
              source =>
                source.configMapRef &&
                !objects.some(object => object.kind === "ConfigMap" && object.metadata.name === source.configMapRef.name) &&
                `${pod.label}: no ConfigMap ${source.configMapRef.name}`,
            ),
            // Files that the settings name.
            ...Object.entries(settings(objects, container)).flatMap(([name, value]) =>
              (value.match(/(?<=^|=)\/run\/[^;]+/g) ?? []).map(
                file => !mounts.some(mount => file.startsWith(mount)) && `${pod.label}: ${name} names ${file}, where nothing is mounted`,
              ),
            ),
          ];
        }),
      ];
    }),

  "every setting is known, and nothing else looks like one": ({ objects }) => {
    const known = knownSettings();
    return podsOf(objects).filter(ours).flatMap(pod => [
      // Services would add LOCKSTEP_GATEWAY_PORT and the like.
      pod.spec.enableServiceLinks !== false && `${pod.label}: enableServiceLinks is not false`,
      ...containersOf(pod).flatMap(container => [
        ...Object.keys(settings(objects, container)).map(name => name.startsWith("LOCKSTEP_") && !known.has(name) && `${pod.label}: ${name} is no setting`),
        ...duplicates((container.env ?? []).map(variable => variable.name)).map(name => `${pod.label}: ${name} is there twice`),
      ]),
    ]);
  },

  "a pod is given the time that its stop takes": ({ objects }) =>
    servers(objects).filter(ours).flatMap(pod => {
      const of = settings(objects, pod.spec.containers[0]);
      const [drain, shutdown] = [seconds(of.LOCKSTEP_HTTP__DRAIN_TIME), seconds(of.LOCKSTEP_SHUTDOWN_TIMEOUT)];
      const hook = pod.spec.containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0;
      return [
        !(drain < shutdown) && `${pod.label}: DrainTime ${drain} s is no part of ShutdownTimeout ${shutdown} s`,
        !(pod.spec.terminationGracePeriodSeconds >= hook + drain + shutdown) &&
          `${pod.label}: ${pod.spec.terminationGracePeriodSeconds} s are less than ${hook} + ${drain} + ${shutdown} s`,
        pod.label.endsWith("gateway") && !(hook + drain >= 5) && `${pod.label}: no time to be taken out of the load balancers`,
      ];
    }),

  "the most processes' connections fit the database": ({ name, objects }) => {
    const limit = databaseConnections(name, objects);
    if (limit === undefined) return [];
    const most = connections(objects);
    return [!(most <= limit) && `${most} connections at most, and the database has ${limit}`];
  },

  "images have a fixed tag, ours the version of this source": ({ objects }) =>
    podsOf(objects).flatMap(pod =>
      containersOf(pod).map(({ image }) => {
        const [, tag] = /:([^:/]+)$/.exec(image) ?? [];
        if (tag === undefined || tag === "latest") return `${pod.label}: ${image}`;
        return ours(pod) && tag !== version && `${pod.label}: ${image} is not of version ${version}`;
      }),
    ),
};

/** Sentences of a rule about a build. */
export function broken(rule, build) {
  return rules[rule](build).filter(Boolean);
}

/** The sum that the guide explains: replicas, one more in a rollout, and those that are still stopping. */
export function connections(objects) {
  return objects.filter(is("Deployment")).reduce((sum, object) => {
    const scaler = objects.find(other => other.kind === "HorizontalPodAutoscaler" && other.spec.scaleTargetRef.name === object.metadata.name);
    const most = scaler?.spec.maxReplicas ?? object.spec.replicas;
    const stopping = Math.min(most, Math.ceil(object.spec.template.spec.terminationGracePeriodSeconds / object.spec.minReadySeconds));
    const each = Number(settings(objects, object.spec.template.spec.containers[0]).LOCKSTEP_POSTGRES__MAX_CONNECTIONS);
    return sum + (most + object.spec.strategy.rollingUpdate.maxSurge + stopping) * (each + orleansConnections);
  }, otherConnections);
}

function databaseConnections(name, objects) {
  if (name === "overlays/production") return Number(/`max_connections` of at least (\d+)/.exec(guide)[1]);
  const database = objects.find(object => object.kind === "StatefulSet" && object.metadata.name === "postgresql");
  return database && Number(/max_connections=(\d+)/.exec(database.spec.template.spec.containers[0].args)[1]);
}

function is(...kinds) {
  return object => kinds.includes(object.kind);
}

function podOf(object) {
  return is("Deployment", "StatefulSet", "DaemonSet", "Job")(object) ? object.spec.template : undefined;
}

function podsOf(objects) {
  return objects
    .filter(object => podOf(object) !== undefined)
    .map(object => ({ object, template: podOf(object), spec: podOf(object).spec, label: label(object) }));
}

function servers(objects) {
  return podsOf(objects).filter(pod => pod.object.kind !== "Job");
}

function containersOf(pod) {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

function ours(pod) {
  return pod.template.metadata.labels["app.kubernetes.io/name"] === "lockstep";
}

function selects(selector, template) {
  if (selector?.matchExpressions !== undefined) throw new Error("matchExpressions are not understood here.");
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => template.metadata.labels?.[key] === value);
}

function hasPort(pod, port) {
  return pod.spec.containers.some(container => (container.ports ?? []).some(({ name, containerPort }) => port === name || port === containerPort));
}

// The environment of a container, ConfigMaps included.
function settings(objects, container) {
  const maps = (container.envFrom ?? []).map(
    source => objects.find(object => object.kind === "ConfigMap" && object.metadata.name === source.configMapRef?.name)?.data ?? {},
  );
  const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? ""]));
  return Object.assign({}, ...maps, own);
}

export function knownSettings() {
  return new Set([
    ...read("docs/operations/configuration.md").match(/(?<=\| )`LOCKSTEP_[A-Z_]+`(?= \|)/g).map(name => name.slice(1, -1)),
    "LOCKSTEP_TELEMETRY__OTLP_ENDPOINT",
  ]);
}

// "00:00:10"; a bare number would be days.
function seconds(value) {
  const [, hours, minutes, rest] = /^(\d\d):(\d\d):(\d\d)$/.exec(value) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

function everyValue(value, where = "") {
  if (typeof value === "string") return [[where, value]];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, child]) => everyValue(child, Array.isArray(value) && child?.kind ? label(child) : `${where} ${key}`));
}

function duplicates(names) {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
