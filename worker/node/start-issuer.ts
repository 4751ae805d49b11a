import { getRequestListener } from '@hono/node-server';
import { openHttpServer } from './http-server.ts';
import { openIssuer, type IssuerOptions } from './issuer.ts';
import { logTo } from './log.ts';
import { makeFolder } from './make-folder.ts';

export interface IssuerAloneOptions {
  /** Holds the database and the keys; made at first use. */
  dataDir: string;
  /** 0 for any free one. */
  port: number;
  host: string;
  issuer: IssuerOptions;
  log(line: string): void;
}

export interface RunningIssuer {
  url: string;
  did: string;
  close(): Promise<void>;
}

/** Starts an issuer app on Node with no registry beside it. It answers at its host's root unless its `url` has a path. */
export async function startIssuer(options: IssuerAloneOptions): Promise<RunningIssuer> {
  const { dataDir, host, port } = options;
  makeFolder(dataDir);
  const server = await openHttpServer(host, port);
  try {
    const defaultUrl = `http://${server.authority}`;
    const { app, url, did, close } = await openIssuer(options.issuer, { dataDir, defaultUrl, log: logTo(options) });
    const respond = getRequestListener(app.fetch);
    server.answerWith((request, response) => void respond(request, response));
    return {
      url,
      did,
      async close() {
        await server.close();
        close();
      },
    };
  } catch (error) {
    await server.abort();
    throw error;
  }
}
