import { limits } from '../schemas/limits.ts';
import { utf8 } from './bytes.ts';

/** What is wrong with a content path (protocol.md §5), or null: relative, NFC, `/`-separated, no `.` or `..`. */
export function pathFault(path: string): string | null {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'has a lone surrogate';
  if (utf8(path).length > limits.pathBytes) return `is longer than ${limits.pathBytes} bytes`;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(path)) return 'has a backslash or a control character';
  if (/[\u202a-\u202e\u2066-\u2069]/.test(path)) return 'has a character that overrides the direction of text';
  if (path.normalize('NFC') !== path) return 'is not in Unicode normal form C';
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'has an empty, "." or ".." segment, or is absolute';
  }
  return null;
}

/** Orders paths by their UTF-8 bytes, which is the order of their code points. */
export function comparePaths(a: string, b: string): number {
  const left = utf8(a);
  const right = utf8(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return (left[i] as number) - (right[i] as number);
  }
  return left.length - right.length;
}
