// What workerd has beyond the Web's own globals, as far as this shell uses it.

declare module 'cloudflare:workers' {
  export abstract class DurableObject<Bindings> {
    constructor(state: unknown, bindings: Bindings);
    protected readonly env: Bindings;
    protected readonly ctx: {
      storage: { getAlarm(): Promise<number | null>; setAlarm(time: number): Promise<void> };
    };
  }
}

/** A pass-through that ends in an error unless exactly `length` bytes come through. */
declare class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(length: number);
}
