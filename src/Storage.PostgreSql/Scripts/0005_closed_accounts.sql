-- oldest program: 2
-- By number an account that is gone is told from a later one of its name.

-- Accounts that are deleted, or about to be: no commit in the name of one is done any more. In each database, for each has
-- commits of its own.
CREATE TABLE closed_accounts (
    number bigint PRIMARY KEY
);

-- When the account was made, ms; 0 for one that an older program made.
ALTER TABLE accounts ADD COLUMN since bigint NOT NULL DEFAULT 0;

-- The number of the account that the author is. It counts while the base is the one that it was written with: older programs
-- write neither, and what they delete and make anew has no number.
ALTER TABLE buckets ADD COLUMN author_number bigint, ADD COLUMN author_base bigint;
