import type * as z from 'zod';
import { Discovery, Health } from '../../schemas/api.ts';
import { FrameworkName } from '../../schemas/frameworks.ts';
import { limits } from '../../schemas/limits.ts';
import { encodeVkey } from '../../protocol/log/note.ts';
import type { Deps } from '../deps.ts';
import { ProblemError } from '../http/problem.ts';
import { DOCUMENT, json, openApiDocument, route, type App } from '../http/route.ts';
import { newestCheckpoint } from '../log/routes.ts';

const DOCS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Firsthand API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
`;

const DOCS_SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null });\n`;

// The viewer styles its elements inline, and embeds its icons.
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

// By their names, and no `:file` beside `start.js`: where two paths of one shape take the same request, Hono falls back to
// the slower of its routers, for all of them.
const ASSETS = [
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
] as const;

export function discoveryRoutes(app: App, deps: Deps): void {
  route(
    app,
    {
      method: 'get',
      path: '/.well-known/firsthand.json',
      summary: 'Where the log is, whose keys count, and what a client may send',
      responses: { 200: json(Discovery, 'The registry') },
    },
    async (c) => {
      const discovery: Discovery = {
        registry: 'firsthand/v1',
        origin: deps.logKey.name,
        vkey: encodeVkey(deps.logKey),
        operator: await deps.operator(),
        service: deps.service.did,
        frameworks: FrameworkName.options,
        limits,
      };
      return c.json(discovery, 200, { 'Cache-Control': 'public, max-age=300' });
    },
  );

  route(
    app,
    {
      method: 'get',
      path: '/healthz',
      summary: 'Liveness: the log can be read',
      responses: { 200: json(Health, 'Well') },
    },
    async (c) => {
      await deps.operator();
      const { size } = await newestCheckpoint(deps.database);
      return c.json({ status: 'ok', size } satisfies z.infer<typeof Health>);
    },
  );

  const document = openApiDocument(app, {
    title: 'Firsthand registry',
    version: '1',
    description: 'Which verified human made this data, how, and may I train on it?',
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  });
  app.get('/openapi.json', (c) => c.body(document(), 200, DOCUMENT));

  app.get('/docs', (c) =>
    c.html(DOCS_PAGE, 200, { 'Content-Security-Policy': DOCS_POLICY, 'Cache-Control': 'public, max-age=300' }),
  );
  app.get('/docs/start.js', (c) =>
    c.body(DOCS_SCRIPT, 200, { 'Content-Type': 'text/javascript', 'Cache-Control': 'public, max-age=300' }),
  );
  for (const [file, mediaType] of ASSETS) {
    app.get(`/docs/${file}`, async (c) => {
      const asset = await deps.assets(file);
      if (asset === null) throw new ProblemError('not-found', 'no such file');
      return c.body(asset.body as ReadableStream, 200, {
        'Content-Type': mediaType,
        'Cache-Control': 'public, max-age=86400',
      });
    });
  }
}
