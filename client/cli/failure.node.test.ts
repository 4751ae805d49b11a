import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { ProblemCode } from '../../schemas/problem.ts';
import { NetworkError, RegistryError, UntrustedError } from '../errors.ts';
import { CliError } from './cli-error.ts';
import { describe as describeError, exitCodeOf } from './failure.ts';

const system = (code: string): Error => Object.assign(new Error(code), { code, path: '/data/x' });

test.each([
  [new CliError('usage', 'x'), 2],
  [new CommanderError(1, 'commander.unknownOption', 'error: unknown option'), 2],
  [new CliError('verification-failed', 'x'), 3],
  [new UntrustedError('x'), 3],
  [new RegistryError({ code: 'no-credential', status: 403, detail: 'x' }), 4],
  [new RegistryError({ code: 'not-accredited', status: 403, detail: 'x' }), 4],
  [new RegistryError({ code: 'not-found', status: 404, detail: 'x' }), 5],
  [new RegistryError({ code: 'erased', status: 410, detail: 'x' }), 5],
  [system('ENOENT'), 5],
  [new NetworkError('x'), 6],
  [new RegistryError({ code: 'rate-limited', status: 429, detail: 'x' }), 6],
  [new CliError('conflict', 'x'), 7],
  [new CliError('interrupted', 'x'), 130],
  [new RegistryError({ code: 'invalid-signature', status: 400, detail: 'x' }), 1],
  [system('ENOSPC'), 1],
  [system('EACCES'), 1],
  [new TypeError('a bug'), 1],
  ['a string', 1],
])('%o ends with %i', (error, code) => {
  expect(exitCodeOf(describeError(error).code)).toBe(code);
});

test('every problem of the registry has an exit code', () => {
  for (const code of ProblemCode.options) expect([1, 3, 4, 5, 6, 7]).toContain(exitCodeOf(code));
});

test('errors of the system are put into words, with the file and what to do', () => {
  expect(describeError(system('ENOSPC'))).toMatchObject({
    message: 'the disk is full: /data/x',
    hint: expect.stringMatching(/free some space/) as string,
  });
  expect(describeError(system('EACCES'))).toMatchObject({ message: 'permission denied: /data/x' });
  expect(describeError(new TypeError('a bug'))).toMatchObject({
    message: 'unexpected error: TypeError: a bug',
    hint: expect.stringMatching(/FIRSTHAND_DEBUG/) as string,
  });
});
