// The peer "inline": net, the decoder, JSON.parse, the same zod schema, the handler and JSON.stringify on one thread.
import { createServer } from 'node:net';
import { FrameDecoder, parseRequest } from 'bunctl-ipc/protocol';
import { list } from './reply.js';

const server = createServer((socket) => {
  const decoder = new FrameDecoder();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    socket.cork();
    for (let payload = decoder.next(); payload; payload = decoder.next()) {
      const request = parseRequest(JSON.parse(Buffer.from(payload).toString()));
      const body = JSON.stringify(request === 'List' ? list() : { Error: { message: 'unknown' } });
      const frame = Buffer.allocUnsafe(4 + Buffer.byteLength(body));
      frame.writeUInt32LE(frame.length - 4, 0);
      frame.write(body, 4);
      socket.write(frame);
    }
    socket.uncork();
  });
});
server.listen(process.argv[2], () => process.send('ready'));
process.on('message', () => {
  globalThis.gc();
  process.send(process.memoryUsage.rss());
});
process.once('SIGTERM', () => process.exit());
