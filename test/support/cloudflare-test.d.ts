// What @cloudflare/vitest-plugin gives to tests inside workerd, as far as these tests use it. Its own declarations need
// the Workers' global types, which do not go together with the DOM's.

declare module 'cloudflare:test' {
  export interface D1Migration {
    name: string;
    queries: string[];
  }
  /** Deletes all data behind all bindings. */
  export function reset(): Promise<void>;
  export function createScheduledController(): import('@cloudflare/workers-types').ScheduledController;
}

declare module 'cloudflare:workers' {
  export const env: import('../../worker/cloudflare/bindings.ts').Bindings & {
    OPERATOR_KEY: string;
    ISSUER_DB: import('@cloudflare/workers-types').D1Database;
    MIGRATIONS: Record<'registry' | 'contentIndex' | 'issuer', import('cloudflare:test').D1Migration[]>;
  };
  /** The Worker under test, as it is deployed. */
  export const exports: { default: { fetch(request: Request): Promise<Response> } };
}
