-- oldest program: 1
-- By number an account that is gone is told from a later one of its name.

-- Accounts that are deleted, or about to be: no commit in the name of one is done any more.
CREATE TABLE closed_accounts (
    number INTEGER PRIMARY KEY
);

-- When the account was made, ms; 0 for one that an older program made.
ALTER TABLE accounts ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

-- The number of the account that the author is. It counts while the base is the one that it was written with: older programs
-- write neither, and what they delete and make anew has no number.
ALTER TABLE buckets ADD COLUMN author_number INTEGER;
ALTER TABLE buckets ADD COLUMN author_base INTEGER;
