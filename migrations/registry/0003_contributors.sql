-- What a key signed, newest last.
CREATE INDEX statements_by_issuer ON statements (issuer, kind);

-- How many statements of each kind a key signed, and how many of those were revoked: counting them would cost as much as
-- there are. Follows from the log alone.
CREATE TABLE tallies (
  issuer TEXT NOT NULL,
  kind TEXT NOT NULL,
  logged INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (issuer, kind)
) STRICT, WITHOUT ROWID;

INSERT INTO tallies (issuer, kind, logged, revoked)
  SELECT issuer, kind, count(*), sum(log_index IN (SELECT target_index FROM revocations)) FROM statements GROUP BY 1, 2;

CREATE TRIGGER statements_tally AFTER INSERT ON statements
BEGIN
  INSERT INTO tallies (issuer, kind, logged) VALUES (new.issuer, new.kind, 1)
    ON CONFLICT (issuer, kind) DO UPDATE SET logged = logged + 1;
END;

-- Of several revocations of one statement, the first counts.
CREATE TRIGGER revocations_tally AFTER INSERT ON revocations
WHEN (SELECT count(*) FROM revocations WHERE target_index = new.target_index) = 1
BEGIN
  UPDATE tallies SET revoked = revoked + 1
    WHERE (issuer, kind) = (SELECT issuer, kind FROM statements WHERE log_index = new.target_index);
END;
