import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Discovery } from '../../schemas/api.ts';
import { parseVkey } from '../../protocol/log/note.ts';
import { expectProblem, getJson, post } from './client.ts';
import type { Endpoint, OpenEndpoint } from './harness.ts';

type Node = { [key: string]: unknown };
interface OpenApi {
  openapi: string;
  paths: Record<
    string,
    Record<string, { parameters?: { in: string; name: string; required?: boolean }[]; responses: Record<string, Node> }>
  >;
  components: { schemas: Record<string, Node> };
}

/** What a stranger finds first: who the registry is, its API document, its viewer, and how it says no. */
export function describeDiscovery(name: string, open: OpenEndpoint): void {
  describe(`discovery on ${name}`, () => {
    let registry: Endpoint;
    beforeAll(async () => void (registry = await open()));
    afterAll(() => registry.close());

    it('says whose log it is, and that it is well', async () => {
      const discovery = Discovery.parse(await getJson(registry, '/.well-known/firsthand.json'));
      const vkey = parseVkey(discovery.vkey);
      expect(vkey.ok && vkey.value.name).toBe(discovery.origin);
      expect(discovery.operator).toBe(registry.operator.did);
      expect(discovery.service).not.toBe(discovery.operator);
      expect(await getJson(registry, '/healthz')).toMatchObject({ status: 'ok' });
      const [first] = (await (await registry.fetch('/log/checkpoint')).text()).split('\n');
      expect(first).toBe(discovery.origin);
    });

    it('describes what it answers to a body of another media type', async () => {
      const { paths } = await getJson<OpenApi>(registry, '/openapi.json');
      const posts = Object.keys(paths).filter((path) => paths[path]?.['post'] !== undefined);
      expect(posts.length).toBeGreaterThan(3);
      for (const path of posts) {
        const init = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'x' };
        await expectProblem(await registry.fetch(path, init), [415, 'unsupported-media-type', 'application/json']);
        expect(Object.keys(paths[path]?.['post']?.responses ?? {}), path).toContain('415');
      }
    });

    it('describes its API as OpenAPI 3.1, with references that resolve', async () => {
      const document = await getJson<OpenApi>(registry, '/openapi.json');
      expect(document.openapi).toMatch(/^3\.1\./);
      const references: string[] = [];
      const walk = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        const reference = (value as Node)['$ref'];
        if (typeof reference === 'string') references.push(reference);
        for (const child of Object.values(value)) walk(child);
      };
      walk(document);
      expect(references.length).toBeGreaterThan(20);
      for (const reference of references) {
        expect(reference).toMatch(/^#\//);
        const found = reference
          .slice(2)
          .split('/')
          .reduce<unknown>((at, key) => (at as Node | undefined)?.[key.replaceAll('~1', '/')], document);
        expect(found, reference).toBeTypeOf('object');
      }
      for (const [path, operations] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
          const where = `${method} ${path}`;
          expect(['get', 'put', 'post'], where).toContain(method);
          expect(Object.keys(operation.responses).length, where).toBeGreaterThan(0);
          for (const response of Object.values(operation.responses))
            expect(response['description'], where).toBeTypeOf('string');
          const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
          expect(
            declared.map((parameter) => parameter.name),
            where,
          ).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
          expect(
            declared.every((parameter) => parameter.required),
            where,
          ).toBe(true);
        }
      }
      expect(Object.keys(document.components.schemas)).toEqual(
        expect.arrayContaining(['DatasetRecord', 'HumanCredential', 'Problem', 'Certificate', 'Report', 'Policy']),
      );
    });

    it('answers at every path that it describes', async () => {
      const { paths } = await getJson<OpenApi>(registry, '/openapi.json');
      for (const [path, operations] of Object.entries(paths)) {
        for (const method of Object.keys(operations)) {
          const response = await registry.fetch(path.replace('{n}', '0').replaceAll(/\{\w+\}/g, 'x'), {
            method: method.toUpperCase(),
          });
          const text = await response.text();
          expect([404, 405].includes(response.status) && /there is no/.test(text), `${method} ${path}`).toBe(false);
        }
      }
    });

    it('shows its API on a page that loads nothing from elsewhere', async () => {
      const page = await registry.fetch('/docs');
      const html = await page.text();
      expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
      const policy = page.headers.get('Content-Security-Policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
      const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
      expect(links.length).toBeGreaterThanOrEqual(3);
      for (const link of links) {
        expect(link).toMatch(/^\/docs\/[a-z-]+\.(css|js)$/);
        const asset = await registry.fetch(link);
        expect(asset.status, link).toBe(200);
        expect(asset.headers.get('Content-Type')).toMatch(link.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
        expect((await asset.text()).length).toBeGreaterThan(20);
      }
      expect(await (await registry.fetch('/docs/start.js')).text()).toContain("url: '/openapi.json'");
    });

    it.each([
      'package.json',
      'index.html',
      '..%2fpackage.json',
      '..%2f..%2fpackage.json',
      '%2e%2e%2fkeys',
      'swagger-ui.css%00',
      '..\\package.json',
      'swagger-ui.css/x',
    ])('does not serve /docs/%s', async (file) => {
      await expectProblem(await registry.fetch(`/docs/${file}`), [404, 'not-found', /no such file|there is no/]);
    });

    it('says that there is nothing at a path, and where to look', async () => {
      for (const path of ['/', '/v1', '/v2/statements', '/v1/statements/', '/log/', '/.env', '/v1/%ff', '/%00']) {
        await expectProblem(await registry.fetch(path), [404, 'not-found', '/openapi.json']);
      }
    });

    it.each([
      ['DELETE', '/v1/statements', 'POST'],
      ['GET', '/v1/statements', 'POST'],
      ['POST', '/v1/datasets', 'GET, HEAD'],
      ['PATCH', `/v1/blobs/sha256:${'0'.repeat(64)}`, 'PUT, GET, HEAD'],
      ['PUT', '/log/checkpoint', 'GET, HEAD'],
      ['POST', '/log/tile/0/000', 'GET, HEAD'],
      ['DELETE', '/docs/swagger-ui.css', 'GET, HEAD'],
    ])('refuses %s %s, and says what is allowed', async (method, path, allowed) => {
      const response = await registry.fetch(path, { method });
      const allow = (response.headers.get('Allow') ?? '').split(', ').toSorted();
      await expectProblem(response, [405, 'method-not-allowed', method]);
      expect(allow).toEqual(allowed.split(', ').toSorted());
    });

    const everywhere: [path: string, init?: RequestInit][] = [
      ['/healthz'],
      ['/.well-known/firsthand.json'],
      ['/openapi.json'],
      ['/docs'],
      ['/docs/start.js'],
      ['/docs/swagger-ui.css'],
      ['/log/checkpoint'],
      ['/log/tile/0/000.p/1'],
      ['/v1/changes'],
      ['/v1/datasets'],
      ['/v1/datasets?limit=0'],
      ['/v1/issuers'],
      ['/v1/contributors/x'],
      ['/v1/status/0'],
      ['/nowhere'],
      ['/healthz', { method: 'HEAD' }],
      ['/healthz', { method: 'DELETE' }],
      ['/v1/statements', { method: 'POST', body: '{', headers: { 'Content-Type': 'application/json' } }],
      [
        '/v1/statements',
        { method: 'OPTIONS', headers: { Origin: 'https://lab.example', 'Access-Control-Request-Method': 'POST' } },
      ],
    ];
    it.each(everywhere)('sets what every answer carries on %s %j', async (path, init) => {
      const response = await registry.fetch(path, init);
      await response.arrayBuffer();
      const { headers } = response;
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
      expect(headers.get('Cache-Control')).toMatch(/^no-store$|^public, max-age=\d+(, immutable)?$/);
      expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(headers.get('Access-Control-Allow-Credentials')).toBeNull();
    });

    it('answers a browser’s preflight, and lets pages read what they need', async () => {
      const headers = {
        Origin: 'https://lab.example',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type',
      };
      const preflight = await registry.fetch(`/v1/blobs/sha256:${'0'.repeat(64)}`, { method: 'OPTIONS', headers });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('Access-Control-Allow-Methods')).toMatch(/PUT/);
      expect(preflight.headers.get('Access-Control-Allow-Headers')).toMatch(/content-type/i);
      const exposed = (await registry.fetch('/healthz')).headers.get('Access-Control-Expose-Headers') ?? '';
      for (const header of ['ETag', 'Location', 'Retry-After', 'X-Request-Id']) expect(exposed).toContain(header);
    });

    it('names each request by an id of its own', async () => {
      const ids = await Promise.all(
        [1, 2, 3].map(async () =>
          (await registry.fetch('/healthz', { headers: { 'X-Request-Id': 'mine' } })).headers.get('X-Request-Id'),
        ),
      );
      expect(new Set(ids).size).toBe(3);
      expect(ids).not.toContain('mine');
      await expectProblem(await post(registry, '/v1/statements', '{'), [400, 'invalid-json', 'JSON']);
    });
  });
}
