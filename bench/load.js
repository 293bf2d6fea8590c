// The load generator. It is a separate process, and its argument is its task: node load.js '{"kind":"requests",…}'.
import { once } from 'node:events';
import { connect } from 'node:net';

async function open(path) {
  for (let tries = 0; ; tries += 1) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      // The server's backlog is full: it has not called accept yet.
      if (error.code !== 'EAGAIN' || tries === 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Counts the whole frames in a stream of chunks without looking into them. */
function frameCounter() {
  let need = 0; // bytes of the current payload that have not arrived
  let header = Buffer.alloc(0);
  return (chunk) => {
    let frames = 0;
    let at = 0;
    while (at < chunk.length) {
      if (need > 0) {
        const step = Math.min(need, chunk.length - at);
        need -= step;
        at += step;
        if (need === 0) frames += 1;
      } else if (header.length > 0 || chunk.length - at < 4) {
        const step = Math.min(4 - header.length, chunk.length - at);
        header = Buffer.concat([header, chunk.subarray(at, at + step)]);
        at += step;
        if (header.length < 4) continue;
        need = header.readUInt32LE(0);
        header = Buffer.alloc(0);
      } else {
        need = chunk.readUInt32LE(at);
        at += 4;
      }
    }
    return frames;
  };
}

function frame(value) {
  const body = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

/** Requests per second, and with one connection the latency of each request, over `seconds` after a warm-up. */
async function requests({ path, connections, depth, seconds }) {
  const request = frame('List');
  const many = Array.from({ length: depth + 1 }, (_, count) => Buffer.concat(Array(count).fill(request)));
  let answered = 0;
  const latencies = [];
  let measuring = false;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(path)));
  for (const socket of sockets) {
    const count = frameCounter();
    let sentAt = performance.now();
    socket.on('data', (chunk) => {
      const frames = count(chunk);
      if (frames === 0) return;
      answered += frames;
      const now = performance.now();
      if (measuring && depth === 1) latencies.push(now - sentAt);
      sentAt = now;
      socket.write(many[frames]);
    });
    socket.write(many[depth]);
  }
  await new Promise((resolve) => setTimeout(resolve, 700));
  measuring = true;
  answered = 0;
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const rate = answered / ((performance.now() - began) / 1000);
  measuring = false;
  for (const socket of sockets) socket.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share) => (latencies[Math.floor(latencies.length * share)] ?? 0) * 1000;
  return { rate, p50: at(0.5), p99: at(0.99) };
}

/** Milliseconds without an event after which the rest is missing. */
const GIVE_UP_AFTER = 3000;

/** Deliveries per second of `events` events to `subscribers` subscribers, counted in bytes: all have the same size. */
async function fanout({ path, protocol, subscribers, stalled = 0, events }) {
  const wire = protocol === 'redis' ? redisWire : ourWire;
  const sockets = [];
  let received = 0;
  let last = 0;
  const expected = subscribers * events * wire.deliveredBytes;
  let done;
  const complete = new Promise((resolve) => (done = resolve));
  for (let index = 0; index < subscribers + stalled; index += 1) {
    const socket = await open(path);
    sockets.push(socket);
    await wire.subscribe(socket);
    if (index >= subscribers) {
      socket.pause();
      continue;
    }
    socket.on('data', (chunk) => {
      received += chunk.length;
      last = performance.now();
      if (received >= expected) done();
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  received = 0;
  const publisher = await open(path);
  const began = performance.now();
  await wire.publish(publisher, events);
  last = performance.now();
  // Events that were dropped never come.
  const timer = setInterval(() => {
    if (performance.now() - last > GIVE_UP_AFTER) done();
  }, 500);
  await complete;
  clearInterval(timer);
  const seconds = (last - began) / 1000;
  for (const socket of sockets) socket.destroy();
  publisher.destroy();
  return {
    rate: received / wire.deliveredBytes / seconds,
    // Of all deliveries, 0 to 1.
    missing: (expected - received) / expected,
  };
}

const ourWire = {
  deliveredBytes: 204,
  async subscribe(socket) {
    socket.write(frame({ Subscribe: { subscription: { LogEvents: { app_name: 'bench' } } } }));
    await new Promise((resolve) => socket.once('data', resolve));
  },
  async publish(socket, events) {
    socket.resume();
    socket.write(frame({ Logs: { name: 'bench', lines: events } }));
  },
};

const payload = 'x'.repeat(200);
const redisWire = {
  deliveredBytes: Buffer.byteLength(`*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$200\r\n${payload}\r\n`),
  async subscribe(socket) {
    socket.write('SUBSCRIBE bench\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
  },
  // Pipelined, with about a thousand unanswered at most, like a fast publisher.
  async publish(socket, events) {
    const command = `*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$200\r\n${payload}\r\n`;
    let sent = 0;
    let answered = 0;
    const send = () => {
      const count = Math.min(500, events - sent);
      if (count <= 0 || sent - answered > 1000) return;
      sent += count;
      socket.write(command.repeat(count));
      send();
    };
    socket.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) answered += 1;
      send();
    });
    send();
  },
};

/** Keeps idle connections open until it is told to end. */
async function idle({ path, connections }) {
  const sockets = [];
  for (let opened = 0; opened < connections; opened += 100)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(100, connections - opened) }, () => open(path)))),
    );
  process.send('open');
  await new Promise((resolve) => process.once('message', resolve));
  for (const socket of sockets) socket.destroy();
}

/** Runs a handler that spins while other clients are measured. */
async function spin({ path, seconds }) {
  const socket = await open(path);
  socket.resume();
  // The measured load warms up first.
  await new Promise((resolve) => setTimeout(resolve, 700));
  socket.write(frame({ Start: { name: 'spin', config: '2000' } }));
  await new Promise((resolve) => setTimeout(resolve, (seconds - 0.7) * 1000));
  socket.destroy();
}

/** Runs a handler that holds its tier for some milliseconds, one after the other. */
async function busy({ path, seconds, milliseconds }) {
  const socket = await open(path);
  const request = frame({ Start: { name: 'spin', config: String(milliseconds) } });
  socket.on('data', () => socket.write(request));
  socket.write(request);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  socket.destroy();
}

/** Sends a number of bytes of events per second to one subscriber that reads. */
async function flood({ path, seconds, bytes }) {
  const subscriber = await open(path);
  await ourWire.subscribe(subscriber);
  subscriber.resume();
  const publisher = await open(path);
  publisher.resume();
  publisher.write(
    frame({ Start: { name: 'flood', config: JSON.stringify({ perSecond: bytes / 204, seconds }) } }),
  );
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  subscriber.destroy();
  publisher.destroy();
}

const task = JSON.parse(process.argv[2]);
const run = { requests, fanout, idle, spin, busy, flood }[task.kind];
process.send({ result: await run(task) });
process.disconnect();
