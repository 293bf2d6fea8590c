// The peer "barest hop": net and the decoder on main, JSON.parse and the answer in one worker thread, one message each way.
import { createServer } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { FrameDecoder } from 'bunctl-ipc/protocol';
import { list } from './reply.js';

if (isMainThread) serve();
else parentPort.on('message', ({ id, payload }) => parentPort.postMessage({ id, frame: answer(payload) }));

function answer(payload) {
  const request = JSON.parse(Buffer.from(payload).toString());
  const body = JSON.stringify(request === 'List' ? list() : { Error: { message: 'unknown' } });
  const frame = Buffer.allocUnsafeSlow(4 + Buffer.byteLength(body));
  frame.writeUInt32LE(frame.length - 4, 0);
  frame.write(body, 4);
  return frame;
}

function serve() {
  const worker = new Worker(new URL(import.meta.url));
  const sockets = new Map();
  worker.on('message', ({ id, frame }) => sockets.get(id)?.write(frame));
  let nextId = 1;
  const server = createServer((socket) => {
    const id = nextId++;
    sockets.set(id, socket);
    const decoder = new FrameDecoder();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(id));
    socket.on('data', (chunk) => {
      decoder.push(chunk);
      for (let payload = decoder.next(); payload; payload = decoder.next())
        // Copied: a view would be sent together with its whole buffer.
        worker.postMessage({ id, payload: Uint8Array.from(payload) });
    });
  });
  worker.once('online', () => server.listen(process.argv[2], () => process.send('ready')));
  process.on('message', () => {
    globalThis.gc();
    process.send(process.memoryUsage.rss());
  });
  process.once('SIGTERM', () => process.exit());
}
