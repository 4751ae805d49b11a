import { describe } from 'vitest';
import { COMPOUND, commitFaults } from './commit-faults.ts';
import { workerdShell } from './workerd-shell.ts';

describe('commits to D1', () => {
  commitFaults(workerdShell, COMPOUND);
});
