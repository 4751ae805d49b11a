import { describe } from 'vitest';
import { appendOnly } from './append-only.ts';
import { corruption } from './corruption.ts';
import { workerdShell } from './workerd-shell.ts';
import { identityFaults } from './identity.ts';
import { races } from './race.ts';

describe('the identity of a new log in D1', () => {
  identityFaults(workerdShell);
});
describe('two sequencers over D1', () => {
  races(workerdShell);
});
describe('a corrupt log in D1', () => {
  corruption(workerdShell);
});
describe('append-only tables in D1', () => {
  appendOnly(workerdShell);
});
