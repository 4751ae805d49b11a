import { limits } from '../schemas/limits.ts';
import { utf8 } from './bytes.ts';

/** What is wrong with a content path (protocol.md §5), or null: relative, NFC, `/`-separated, no `.` or `..`. */
export function pathFault(path: string): string | null {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'has a lone surrogate';
  // No code unit takes more than three bytes.
  if (3 * path.length > limits.pathBytes && utf8(path).length > limits.pathBytes)
    return `is longer than ${limits.pathBytes} bytes`;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(path)) return 'has a backslash or a control character';
  if (/[\u202a-\u202e\u2066-\u2069]/.test(path)) return 'has a character that overrides the direction of text';
  if (path.normalize('NFC') !== path) return 'is not in Unicode normal form C';
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'has an empty, "." or ".." segment, or is absolute';
  }
  return null;
}

/** Orders well-formed paths by their UTF-8 bytes, which is the order of their code points. */
export function comparePaths(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return placeOf(left) - placeOf(right);
  }
  return a.length - b.length;
}

/** Surrogates, which stand for code points past all others, come last. */
const placeOf = (unit: number): number => (unit < 0xd800 || unit > 0xdfff ? unit : unit + 0x10000);
