import { describe } from 'vitest';
import { appendOnly } from './append-only.ts';
import { corruption } from './corruption.ts';
import { nodeShell } from './node-shell.ts';
import { identityFaults } from './identity.ts';
import { races } from './race.ts';

describe('the identity of a new log in better-sqlite3', () => {
  identityFaults(nodeShell);
});
describe('two sequencers over better-sqlite3', () => {
  races(nodeShell);
});
describe('a corrupt log in better-sqlite3', () => {
  corruption(nodeShell);
});
describe('append-only tables in better-sqlite3', () => {
  appendOnly(nodeShell);
});
