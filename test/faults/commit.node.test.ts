import { describe } from 'vitest';
import { commitFaults } from './commit-faults.ts';
import { nodeShell } from './node-shell.ts';

describe('commits to better-sqlite3', () => {
  commitFaults(nodeShell);
});
