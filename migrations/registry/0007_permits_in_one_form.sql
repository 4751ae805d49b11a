-- The same alternatives are one text now, however they came about. What was told otherwise is judged anew, from the statements.
DELETE FROM permitted;
DELETE FROM permits;
INSERT OR IGNORE INTO permitted_due (log_index, doubted) SELECT log_index, 0 FROM datasets;
