-- The code goes from the browser to the terminal: who logged in proves that they have the terminal, too, before anything
-- is issued.
ALTER TABLE enrolments DROP COLUMN user_code;
-- Shown to the browser that logged in, to be typed where the enrolment was begun.
ALTER TABLE enrolments ADD COLUMN code TEXT;
-- SHA-256 of the cookie of the browser that logged in.
ALTER TABLE enrolments ADD COLUMN browser_hash BLOB;
-- How often a code was typed.
ALTER TABLE enrolments ADD COLUMN codes_typed INTEGER NOT NULL DEFAULT 0;
-- What the credential will say of the person, as JSON: a nullifier, how and when they were verified.
ALTER TABLE enrolments ADD COLUMN verified TEXT;

-- People to whom nothing is issued any more, by pseudonym.
CREATE TABLE banned (
  nullifier TEXT PRIMARY KEY CHECK (length(nullifier) = 43),
  -- Milliseconds since the epoch.
  banned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
