-- Grants by record and licensee, so that nobody's other contracts are read to decide about one.
CREATE TABLE grants (
  record TEXT NOT NULL,
  licensee TEXT NOT NULL,
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  -- 1 where one of its rules is exclusive.
  exclusive INTEGER NOT NULL CHECK (exclusive IN (0, 1)),
  PRIMARY KEY (record, licensee, log_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_place ON grants (log_index);
CREATE INDEX grants_exclusive ON grants (record, log_index) WHERE exclusive = 1;

INSERT INTO grants (record, licensee, log_index, exclusive)
  SELECT body ->> '$.credentialSubject.record', body ->> '$.credentialSubject.id', log_index,
    EXISTS (SELECT 1 FROM json_each(body, '$.credentialSubject.rules') WHERE value ->> '$.exclusive' = 1)
  FROM statements WHERE kind = 'RightsGrant' AND body IS NOT NULL;
