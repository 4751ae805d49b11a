/** The stored log does not add up, or is not this registry's. It must not be appended to, and trying again is no help. */
export class LogCorrupt extends Error {
  override readonly name = 'LogCorrupt';
}
