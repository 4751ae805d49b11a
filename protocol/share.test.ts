import { expect, test } from 'vitest';
import { formatShare } from './share.ts';

test.for<[number, string]>([
  [0, '0 %'],
  [1e-9, '<0.1 %'],
  [0.000_499, '<0.1 %'],
  [0.001, '0.1 %'],
  [0.25, '25.0 %'],
  [0.999, '99.9 %'],
  [0.999_6, '>99.9 %'],
  [1 - 2 ** -53, '>99.9 %'],
  [1, '100 %'],
])('%d reads %s', ([share, text]) => expect(formatShare(share)).toBe(text));
