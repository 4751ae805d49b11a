import { readFileSync } from 'node:fs';
import { digestOf } from '../../protocol/digest.ts';
import { createFileBlobs } from '../../worker/node/file-blobs.ts';

// Stores one blob in a process of its own, to be limited or killed: node put-process.ts FOLDER BLOB [stall]. With
// "stall" the stream stops half-way and says so.

const [, , folder = '', file = '', stall] = process.argv;
const bytes = new Uint8Array(readFileSync(file));
const body = new ReadableStream<Uint8Array>({
  start(controller) {
    controller.enqueue(bytes.slice(0, bytes.length / 2));
    if (stall !== undefined) {
      setInterval(() => console.log('half'), 100);
      return;
    }
    controller.enqueue(bytes.slice(bytes.length / 2));
    controller.close();
  },
});
try {
  console.log(await createFileBlobs(folder).put(digestOf(bytes), body, bytes.length));
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
