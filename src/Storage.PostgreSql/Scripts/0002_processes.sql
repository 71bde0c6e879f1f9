-- oldest program: 2
-- Several processes on one database: who answers from memory, and what became of commits whose answer was lost.

-- One row a process, renewed each second while it runs.
CREATE TABLE processes (
    process bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text        NOT NULL,               -- machine and process id, for people
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    renewed timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- The process that answers for the bucket from memory.
ALTER TABLE buckets ADD COLUMN holder bigint;

-- Tells a process that another one has taken a bucket over; read and removed when it renews its lease.
CREATE TABLE takeovers (
    process bigint NOT NULL,
    bucket  bigint NOT NULL
);
CREATE INDEX takeovers_process ON takeovers (process);

-- One row a connection that commits. Each commit advances the sequence in the same transaction, so that whoever lost an
-- answer reads here what happened. Fenced: nothing more is committed under this row.
CREATE TABLE writers (
    writer   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process  bigint  NOT NULL,
    sequence bigint  NOT NULL DEFAULT 0,
    fenced   boolean NOT NULL DEFAULT false,
    done     uuid[]  NOT NULL DEFAULT '{}'      -- nonces of the bucket commits of the last transaction
) WITH (fillfactor = 50);
CREATE INDEX writers_process ON writers (process);
