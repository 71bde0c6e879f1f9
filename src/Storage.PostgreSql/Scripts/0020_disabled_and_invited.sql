-- oldest program: 2
-- Accounts that administrators have disabled, and invitations to accounts. Older programs go on signing the users of disabled accounts in.

-- In the home database.
ALTER TABLE accounts ADD COLUMN disabled boolean NOT NULL DEFAULT false;

-- Until the account is enabled again; otherwise for good. In each database.
ALTER TABLE closed_accounts ADD COLUMN disabled boolean NOT NULL DEFAULT false;

-- Of an invitation to an account with a password of its own: the name that it must have, empty for any; null for an invitation to anything else. In the home database.
ALTER TABLE invitations ADD COLUMN name text COLLATE "C";
