import type { Log } from '../deps.ts';

/** Writes events as lines of JSON: starts, stops and what went wrong; every request with `verbose`. */
export const logTo =
  ({ log, verbose = false }: { log(line: string): void; verbose?: boolean }): Log =>
  (event) => {
    const isNotable = event['event'] !== 'request' || Number(event['status']) >= 500;
    if (isNotable || verbose) log(JSON.stringify({ time: new Date().toISOString(), ...event }));
  };
