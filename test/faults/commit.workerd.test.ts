import { describe } from 'vitest';
import { commitFaults } from './commit-faults.ts';
import { workerdShell } from './workerd-shell.ts';

describe('commits to D1', () => {
  commitFaults(workerdShell);
});
