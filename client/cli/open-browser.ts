import { spawn } from 'node:child_process';

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Opens an address in the person's browser, where there is one. Its failure is no matter: the address is printed too. */
export function openBrowser(url: string, env: NodeJS.ProcessEnv): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  // A browser lives long, and passphrases are none of its business.
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('FIRSTHAND_')));
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true, env: own });
  child.on('error', () => {});
  child.unref();
}
