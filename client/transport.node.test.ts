import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { NetworkError, RegistryError, UntrustedError } from './errors.ts';
import { Transport } from './transport.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | null = null;

/** Serves one scripted answer a request; the last one again and again. */
async function script(...answers: Answer[]): Promise<{ transport: Transport; calls: number[] }> {
  const calls: number[] = [];
  server = createServer((request, response) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)] as Answer;
    calls.push(Date.now());
    request.resume();
    request.once('end', () => answer(request, response));
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return { transport: new Transport({ url: `http://127.0.0.1:${port}`, timeout: 400, backoff: 5, retries: 3 }), calls };
}

afterEach(async () => {
  const open = server;
  server = null;
  open?.closeAllConnections();
  await new Promise<void>((resolve) => (open === null ? resolve() : open.close(() => resolve())));
});

const say =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);
const hangUp: Answer = (request) => void request.socket.destroy();
const breakOff: Answer = (request, response) => {
  response.writeHead(200, { 'content-length': '100' }).write('part');
  setTimeout(() => request.socket.destroy(), 10);
};
const CALL = { path: '/x', maxBytes: 1000 };

describe('what failed in passing is tried again', () => {
  test.each([
    ['a dropped connection', hangUp],
    ['an answer that breaks off', breakOff],
    ['429', say(429)],
    ['500', say(500)],
    ['503', say(503)],
  ])('%s', async (_name, failure) => {
    const { transport, calls } = await script(failure, failure, say(200, 'there'));
    const { bytes } = await transport.call(CALL);
    expect(new TextDecoder().decode(bytes)).toBe('there');
    expect(calls).toHaveLength(3);
  });

  test('a POST with its body, too', async () => {
    const bodies: string[] = [];
    const { transport } = await script((request, response) => {
      bodies.push(request.headers['content-length'] ?? '');
      if (bodies.length === 1) request.socket.destroy();
      else response.writeHead(201).end();
    });
    expect((await transport.call({ ...CALL, method: 'POST', body: 'hello' })).status).toBe(201);
    expect(bodies).toEqual(['5', '5']);
  });

  test('only so often', async () => {
    const { transport, calls } = await script(hangUp);
    await expect(transport.call(CALL)).rejects.toThrow(NetworkError);
    expect(calls).toHaveLength(4);
  });

  test('after as long as Retry-After asks', async () => {
    const { transport, calls } = await script(say(429, '', { 'retry-after': '1' }), say(200));
    await transport.call(CALL);
    expect((calls[1] as number) - (calls[0] as number)).toBeGreaterThanOrEqual(950);
  });

  test('but not when it asks for too long', async () => {
    const { transport, calls } = await script(say(503, '', { 'retry-after': '3600' }));
    await expect(transport.call(CALL)).rejects.toMatchObject({ code: 'unavailable' });
    expect(calls).toHaveLength(1);
  });
});

describe('what will not get better is not tried again', () => {
  test.each([400, 403, 404, 409, 413])('%i', async (status) => {
    const { transport, calls } = await script(say(status));
    await expect(transport.call(CALL)).rejects.toThrow(RegistryError);
    expect(calls).toHaveLength(1);
  });

  test('an answer past its bound', async () => {
    const { transport, calls } = await script(say(200, 'x'.repeat(1001)));
    await expect(transport.call(CALL)).rejects.toThrow(UntrustedError);
    expect(calls).toHaveLength(1);
  });
});

describe('errors', () => {
  test('carry the problem', async () => {
    const problem = {
      type: 'about:blank',
      title: 'No',
      status: 403,
      detail: 'held no credential',
      code: 'no-credential',
      requestId: 'r-7',
      errors: [{ path: '/issuer', message: 'who?' }],
    };
    const { transport } = await script(say(403, JSON.stringify(problem)));
    await expect(transport.call(CALL)).rejects.toMatchObject({
      code: 'no-credential',
      message: 'held no credential',
      requestId: 'r-7',
      errors: problem.errors,
    });
  });

  test('say what a proxy answered instead', async () => {
    const { transport } = await script(say(404, '<h1>nginx</h1>'));
    await expect(transport.call(CALL)).rejects.toMatchObject({
      code: 'not-found',
      message: 'GET /x was answered 404',
      requestId: null,
    });
  });

  test('say that nobody listens', async () => {
    const { transport } = await script(say(200));
    const url = transport.url;
    server?.close();
    await expect(new Transport({ url, retries: 0 }).call(CALL)).rejects.toThrow(
      `cannot reach ${url}: connection refused`,
    );
  });

  test('say that the registry is silent', async () => {
    const { transport } = await script(() => undefined);
    await expect(new Transport({ url: transport.url, retries: 0, timeout: 50 }).call(CALL)).rejects.toThrow(
      /no answer within 0.05 s/,
    );
  });

  test('an answer that stalls midway times out, one that trickles does not', async () => {
    const { transport } = await script(
      (_request, response) => {
        response.writeHead(200);
        for (let i = 0; i < 5; i++) setTimeout(() => response.write('.'), i * 100);
        setTimeout(() => response.end(), 500);
      },
      (_request, response) => void response.writeHead(200).write('.'),
    );
    const impatient = new Transport({ url: transport.url, retries: 0, timeout: 400 });
    expect((await impatient.call(CALL)).bytes).toHaveLength(5);
    await expect(impatient.call(CALL)).rejects.toThrow(/no more of its answer within 0.4 s/);
  });

  test('an answer that drips is not waited for, however often it makes a sound; a slow line is', async () => {
    const piecesOf =
      (bytes: number, every: number, pieces = Infinity): Answer =>
      (_request, response) => {
        response.writeHead(200);
        let sent = 0;
        const timer = setInterval(() => {
          if (sent++ < pieces) response.write('.'.repeat(bytes));
          else response.end();
        }, every);
        response.once('close', () => clearInterval(timer));
      };
    const { transport } = await script(piecesOf(1, 10), piecesOf(150, 50, 6));
    const impatient = new Transport({ url: transport.url, retries: 0, timeout: 150 });
    const dripped = impatient.call(CALL);
    await expect(dripped).rejects.toThrow(NetworkError);
    await expect(dripped).rejects.toThrow(/its answer comes at less than 1024 bytes a second/);
    expect((await impatient.call(CALL)).bytes).toHaveLength(900);
  });
});

test.each(['ftp://x', 'nonsense', 'https://user:secret@x', 'https://:secret@x', 'https://x?y', 'https://x/#'])(
  '%s is no registry',
  (url) => {
    expect(() => new Transport({ url })).toThrow(TypeError);
  },
);

const streamOf = (pieces: readonly Uint8Array[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });

test('reads what comes up to the bound, however long the answer says it is', () => {
  const said = fc.constantFrom(null, '0', '3', '60', '-1', '1e99', 'long', '');
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  return fc.assert(
    fc.asyncProperty(pieces, said, async (body, length) => {
      const answer = (): Response =>
        new Response(streamOf(body), { headers: length === null ? {} : { 'content-length': length } });
      const transport = new Transport({ url: 'http://registry.example', fetch: async () => answer() });
      const whole = Uint8Array.from(body.flatMap((piece) => [...piece]));
      const call = transport.call({ path: '/x', maxBytes: 100 });
      if (whole.length > 100) await expect(call).rejects.toThrow('larger than 100 bytes');
      else expect((await call).bytes).toEqual(whole);
    }),
  );
});
