-- oldest program: 2
-- What Orleans keeps: which silos make up a cluster, and small states of grains. Its ADO.NET providers ask the table
-- "orleansquery" by these names for their statements, and take parameters and columns by name; all the rest is ours. Each
-- statement is one, so that it needs no transaction of its own and works through a pooler.

CREATE TABLE clusters (
    cluster text COLLATE "C" NOT NULL PRIMARY KEY,
    version integer NOT NULL DEFAULT 0          -- compared and advanced by each change of membership
);

CREATE TABLE silos (
    cluster      text COLLATE "C" NOT NULL REFERENCES clusters,
    address      text NOT NULL,
    port         integer NOT NULL,
    generation   integer NOT NULL,              -- tells starts of a silo on one address apart
    name         text NOT NULL,
    host         text NOT NULL,
    status       integer NOT NULL,              -- 3: active
    gateway_port integer,                       -- where gateways reach it; 0 for none
    suspicions   text,
    started      timestamptz NOT NULL,
    alive        timestamptz NOT NULL,          -- last sign of life, by the silo's clock
    seen         timestamptz NOT NULL DEFAULT clock_timestamp(),  -- the same, by this database's clock
    PRIMARY KEY (cluster, address, port, generation)
);

CREATE TABLE grain_states (
    service    text COLLATE "C" NOT NULL,
    grain_type text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,       -- '' for grains with a number
    n0         bigint NOT NULL,
    n1         bigint NOT NULL,
    version    integer NOT NULL,                -- compared and advanced by each write
    modified   timestamptz NOT NULL,
    state      bytea,
    PRIMARY KEY (service, grain_type, key, n0, n1)
);
CREATE INDEX grain_states_modified ON grain_states (grain_type, modified);

CREATE TABLE orleansquery (
    querykey  text NOT NULL PRIMARY KEY,
    querytext text NOT NULL
);

INSERT INTO orleansquery (querykey, querytext) VALUES
-- Membership. One row, one column: whether it was done.
('InsertMembershipVersionKey', $query$
WITH made AS (
    INSERT INTO clusters (cluster) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*)::integer FROM made
$query$),
('InsertMembershipKey', $query$
WITH advanced AS (
    UPDATE clusters c SET version = version + 1
    WHERE c.cluster = @DeploymentId AND c.version = @Version AND NOT EXISTS (
        SELECT FROM silos s
        WHERE s.cluster = c.cluster AND s.address = @Address AND s.port = @Port AND s.generation = @Generation)
    RETURNING c.cluster
), made AS (
    INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
    SELECT a.cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
    FROM advanced a
    RETURNING 1
)
SELECT count(*)::integer FROM made
$query$),
('UpdateMembershipKey', $query$
WITH advanced AS (
    UPDATE clusters c SET version = version + 1
    WHERE c.cluster = @DeploymentId AND c.version = @Version AND EXISTS (
        SELECT FROM silos s
        WHERE s.cluster = c.cluster AND s.address = @Address AND s.port = @Port AND s.generation = @Generation)
    RETURNING c.cluster
), changed AS (
    UPDATE silos s SET status = @Status, suspicions = @SuspectTimes, alive = @IAmAliveTime
    FROM advanced a
    WHERE s.cluster = a.cluster AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
    RETURNING 1
)
SELECT count(*)::integer FROM changed
$query$),
('UpdateIAmAlivetimeKey', $query$
UPDATE silos SET alive = @IAmAliveTime, seen = clock_timestamp()
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$query$),
('MembershipReadRowKey', $query$
SELECT c.cluster AS DeploymentId, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName,
    s.host AS HostName, s.status AS Status, s.gateway_port AS ProxyPort, s.suspicions AS SuspectTimes,
    s.started AS StartTime, s.alive AS IAmAliveTime, c.version AS Version
FROM clusters c LEFT JOIN silos s
    ON s.cluster = c.cluster AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
WHERE c.cluster = @DeploymentId
$query$),
('MembershipReadAllKey', $query$
SELECT c.cluster AS DeploymentId, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName,
    s.host AS HostName, s.status AS Status, s.gateway_port AS ProxyPort, s.suspicions AS SuspectTimes,
    s.started AS StartTime, s.alive AS IAmAliveTime, c.version AS Version
FROM clusters c LEFT JOIN silos s ON s.cluster = c.cluster
WHERE c.cluster = @DeploymentId
$query$),
('GatewaysQueryKey', $query$
SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation
FROM silos WHERE cluster = @DeploymentId AND status = @Status AND gateway_port > 0
$query$),
('DeleteMembershipTableEntriesKey', $query$
WITH silos_gone AS (DELETE FROM silos WHERE cluster = @DeploymentId)
DELETE FROM clusters WHERE cluster = @DeploymentId
$query$),
('CleanupDefunctSiloEntriesKey', $query$
DELETE FROM silos WHERE cluster = @DeploymentId AND alive < @IAmAliveTime AND status <> 3
$query$),
-- Grain states. The primary key lets one of two first writes through; the other one keeps its old version, which the
-- provider takes for a conflict, as it should.
('WriteToStorageKey', $query$
WITH changed AS (
    UPDATE grain_states SET state = @PayloadBinary, version = version + 1, modified = clock_timestamp()
    WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key = coalesce(@GrainIdExtensionString::text, '')
        AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND version = @GrainStateVersion::integer
    RETURNING version
), made AS (
    INSERT INTO grain_states (service, grain_type, key, n0, n1, version, modified, state)
    SELECT @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString::text, ''), @GrainIdN0, @GrainIdN1, 1, clock_timestamp(), @PayloadBinary
    WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING
    RETURNING version
)
SELECT coalesce((SELECT version FROM changed), (SELECT version FROM made), @GrainStateVersion::integer) AS NewGrainStateVersion
$query$),
('ReadFromStorageKey', $query$
SELECT state AS PayloadBinary, version AS Version FROM grain_states
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key = coalesce(@GrainIdExtensionString::text, '')
    AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
$query$),
('ClearStorageKey', $query$
UPDATE grain_states SET state = NULL, version = version + 1, modified = clock_timestamp()
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key = coalesce(@GrainIdExtensionString::text, '')
    AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND version = @GrainStateVersion::integer
RETURNING version AS NewGrainStateVersion
$query$),
('DeleteStorageKey', $query$
DELETE FROM grain_states
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key = coalesce(@GrainIdExtensionString::text, '')
    AND n0 = @GrainIdN0 AND n1 = @GrainIdN1 AND version = @GrainStateVersion::integer
RETURNING version + 1 AS NewGrainStateVersion
$query$);
