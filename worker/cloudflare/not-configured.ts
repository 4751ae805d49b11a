/** What a Worker answers that cannot start; what is missing is for its log alone. */
export function notConfigured(what: string, error: unknown): Response {
  console.error(JSON.stringify({ event: 'start-failed', message: error instanceof Error ? error.message : '' }));
  return new Response(`The ${what} is not configured; its log says what is missing.\n`, { status: 503 });
}
