import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** XDG Base Directory 0.8: a variable that is not an absolute path is ignored. */
function xdg(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const value = env[variable] ?? '';
  return isAbsolute(value) ? value : join(env['HOME'] || homedir(), fallback);
}

/** `$XDG_CONFIG_HOME/firsthand`: keys, pinned trust, config.yaml. */
export const configDir = (env: NodeJS.ProcessEnv): string => join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'firsthand');

/** `$XDG_STATE_HOME/firsthand`: the log heads seen. */
export const stateDir = (env: NodeJS.ProcessEnv): string =>
  join(xdg(env, 'XDG_STATE_HOME', '.local/state'), 'firsthand');

/** `$XDG_CACHE_HOME/firsthand/digests`: what files were hashed to. */
export const digestCacheDir = (env: NodeJS.ProcessEnv): string =>
  join(xdg(env, 'XDG_CACHE_HOME', '.cache'), 'firsthand', 'digests');

/** A file name for a registry or a log: `127.0.0.1_8787`. */
export const slugOf = (name: string): string => name.replace(/[^A-Za-z0-9.-]+/g, '_').slice(0, 200);
