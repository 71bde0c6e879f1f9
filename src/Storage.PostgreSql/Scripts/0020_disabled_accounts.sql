-- oldest program: 2
-- Accounts that administrators have disabled. Older programs go on signing their users in.

-- In the home database.
ALTER TABLE accounts ADD COLUMN disabled boolean NOT NULL DEFAULT false;

-- Until the account is enabled again; otherwise for good. In each database.
ALTER TABLE closed_accounts ADD COLUMN disabled boolean NOT NULL DEFAULT false;
