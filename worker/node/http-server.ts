import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP server that listens, and holds back what arrives until there is an app to answer it. */
export interface HttpServer {
  /** As in a URL: `127.0.0.1:8787`, `[::1]:8787`. */
  authority: string;
  answerWith(listener: RequestListener): void;
  /** Takes no more requests, and answers once those under way have ended, or were given {@link GRACE}. */
  close(): Promise<void>;
  /** Ends everything at once. */
  abort(): Promise<void>;
}

/** How long a request under way may take once the server stops. */
const GRACE = 10_000;

/** Takes the address before there is an app, so that the app may know it. Rejects with `code` EADDRINUSE and the like. */
export async function openHttpServer(host: string, port: number): Promise<HttpServer> {
  const server = createServer();
  // Browsers open connections in advance; Node takes one without a request to be busy, and would wait for it at the end.
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  let answer: RequestListener | null = null;
  const early: Parameters<RequestListener>[] = [];
  server.on('request', (...exchange) => (answer === null ? early.push(exchange) : answer(...exchange)));

  /** Lets requests under way finish, within reason. What kept connections open for the next is closed once they have. */
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const end = setTimeout(() => server.closeAllConnections(), GRACE);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(end);
        resolve();
      });
      server.closeIdleConnections();
    });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    authority: `${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    answerWith(listener) {
      answer = listener;
      for (const exchange of early.splice(0)) listener(...exchange);
    },
    async close() {
      const stopped = stop();
      for (const socket of unused) socket.destroy();
      await stopped;
    },
    async abort() {
      server.closeAllConnections();
      await stop();
    },
  };
}
