// A load generator that costs little itself: keep-alive sockets, requests rendered beforehand. Run as a process of its
// own: `node load-client.ts <host> <port> <connections> <media type> <file of bodies>`, bodies separated by U+001E.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [host = '', port = '', connections = '', mediaType = '', file = ''] = process.argv.slice(2);
const requests = readFileSync(file, 'utf8')
  .split('\u001e')
  .map((body) =>
    Buffer.from(
      `POST /v1/statements HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${mediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
const isNdjson = mediaType === 'application/x-ndjson';
const latencies: number[] = [];
let next = 0;
let accepted = 0;
let refused = '';
const start = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, run));
const seconds = (performance.now() - start) / 1000;
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
process.stdout.write(`${JSON.stringify({ accepted, seconds, refused, p50: at(0.5), p99: at(0.99) })}\n`);

/** One connection: a request, its whole answer, the next request. */
function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    let pending = '';
    let sentAt = 0;
    const socket = connect({
      host,
      port: Number(port),
      noDelay: true,
      // Read into one buffer: a stream would allocate one for each answer.
      onread: {
        buffer,
        callback(length) {
          receive(buffer.toString('latin1', 0, length));
          return true;
        },
      },
    });
    socket.on('error', reject);
    socket.on('connect', send);

    function send(): void {
      const request = requests[next++];
      if (request === undefined) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    }

    function receive(text: string): void {
      pending = pending === '' ? text : pending + text;
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = /content-length: (\d+)/i.exec(pending.slice(0, head))?.[1];
      const isChunked = length === undefined && pending.endsWith('0\r\n\r\n');
      if (length === undefined ? !isChunked : pending.length < head + 4 + Number(length)) return;
      latencies.push(performance.now() - sentAt);
      if (pending.startsWith('HTTP/1.1 201')) accepted++;
      else if (isNdjson) accepted += pending.split('"status":201').length - 1;
      if (!pending.startsWith('HTTP/1.1 20') || pending.includes('"code":"')) refused = pending.slice(0, 600);
      pending = '';
      send();
    }
  });
}
