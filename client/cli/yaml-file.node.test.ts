import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { readYaml } from './yaml-file.ts';

test('what the parser would warn of goes past no terminal', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  onTestFinished(() => warned.mockRestore());
  expect(() => readYaml('? ["\u009b31m\u202e"]\n: 1\n', z.strictObject({}), 'a.yaml')).toThrow(
    /a\.yaml line 1: .*unknown field/,
  );
  expect(warned).not.toHaveBeenCalled();
});
