// The core under stress: npm run demo:core. It shows a daemon that runs processes, several clients, and typical failures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { IpcClient } from 'bunctl-ipc/client';

const home = mkdtempSync(join(tmpdir(), 'bunctl-demo-'));
const socket = join(home, 'daemon.sock');
const started = performance.now();
const say = (text) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
const node = (script) => JSON.stringify({ command: process.execPath, args: ['-e', script] });

/** Throws, so that the demo fails, if its claim is not true. */
function check(so, what) {
  if (!so) throw new Error(`The demo expected that ${what}.`);
}

/** Resolves with the first event of the client that passes the test. */
async function next(events, passes) {
  for (;;) {
    const { value, done } = await events.next();
    check(!done, 'the daemon goes on sending events');
    if (passes(value)) return value;
  }
}

async function ask(client, request) {
  const answer = await client.request(request);
  return 'Success' in answer ? answer.Success.message : answer.Data.data;
}

async function apps(client, events) {
  const server =
    'require("http").createServer((q,s)=>s.end("hello from a managed app\\n")).listen(0,"127.0.0.1",function(){console.log("port "+this.address().port)})';
  say(`web: ${await ask(client, { Start: { name: 'web', config: node(server) } })}`);
  const line = await next(events, ({ data }) => data.line?.startsWith('port '));
  const answer = await fetch(`http://127.0.0.1:${line.data.line.slice(5)}/`);
  say(`web answers over HTTP: “${(await answer.text()).trim()}”`);

  const ticker = 'let n=0;setInterval(()=>console.log("tick "+ ++n),100)';
  say(`ticker: ${await ask(client, { Start: { name: 'ticker', config: node(ticker) } })}`);
  for (let n = 0; n < 3; n += 1)
    say(
      `  event: ticker says “${(await next(events, ({ data }) => data.app === 'ticker' && data.line)).data.line}”`,
    );

  const crasher = 'console.error("about to fail");process.exit(3)';
  say(`crasher: ${await ask(client, { Start: { name: 'crasher', config: node(crasher) } })}`);
  const exit = await next(
    events,
    ({ event_type, data }) => event_type === 'process_exited' && data.app === 'crasher',
  );
  say(`  event: crasher exited with code ${exit.data.exit_code}`);
  check(exit.data.exit_code === 3, 'the crash is reported with its exit code');
}

async function spin(worker) {
  const victim = await IpcClient.connect(socket);
  say('A handler starts to spin for ever. The others go on:');
  const spun = victim.request({ Status: { name: 'spin-for-ever' } });
  await sleep(100);
  let spinning = true;
  const ended = spun.then(
    () => undefined,
    (error) => error,
  );
  void ended.then(() => (spinning = false));
  let answered = 0;
  let slowest = 0;
  while (spinning) {
    const asked = performance.now();
    await ask(worker, 'List');
    slowest = Math.max(slowest, performance.now() - asked);
    answered += 1;
    await Promise.race([ended, sleep(5)]);
  }
  const error = await ended;
  say(
    `  meanwhile ${answered} commands of other clients were answered, the slowest in ${slowest.toFixed(0)} ms`,
  );
  check(error?.code !== undefined && answered > 10, 'only the caller of the spinning handler gets an error');
  say(`  its caller was told: “${error.message}” (${error.code})`);
  say(`  and is served again: ${JSON.stringify(await ask(victim, 'List'))}`);
  await victim.close();
}

async function stall(worker) {
  const LINES = 60_000;
  const subscription = { LogEvents: { app_name: 'flood' } };
  const [reader, stalled] = [await IpcClient.connect(socket), await IpcClient.connect(socket)];
  const [all, some] = [reader.subscribe(subscription), stalled.subscribe(subscription)];
  await Promise.all([all.ready, some.ready]);
  say(`An app prints ${LINES.toLocaleString('en-US')} lines. One subscriber reads, one does not:`);
  const flood = `const f=require("fs");for(let n=1;n<=${LINES};n++)f.writeSync(1,"line "+n+" ".repeat(60)+"\\n");`;
  await ask(worker, { Start: { name: 'flood', config: node(flood) } });
  let seen = 0;
  for await (const { event_type } of all) {
    check(event_type === 'log_line', 'a subscriber that reads loses nothing');
    if (++seen === LINES) break;
  }
  say(`  the reader has all ${seen.toLocaleString('en-US')}`);
  let delivered = 0;
  let dropped = 0;
  for await (const { event_type, data } of some) {
    if (event_type === 'events_dropped') dropped += data.dropped;
    else delivered += 1;
    if (delivered + dropped === LINES) break;
  }
  say(
    `  the other, reading at last: ${delivered} delivered + ${dropped} reported dropped = ${delivered + dropped}`,
  );
  check(dropped > 0, 'the subscriber that did not read is told what it missed');
  await Promise.all([reader.close(), stalled.close()]);
}

// The daemon is a separate process, as in a real program: other processes talk to it over its socket.
const daemon = spawn(process.execPath, [join(import.meta.dirname, 'runner', 'daemon.js'), socket], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const watchdog = setTimeout(() => {
  console.error('The demo has taken longer than 60 s and is stopped.');
  daemon.kill('SIGKILL');
  process.exit(1);
}, 60_000);
try {
  await once(createInterface({ input: daemon.stdout }), 'line');
  say(`The daemon listens on ${socket}`);
  const [worker, follower] = [await IpcClient.connect(socket), await IpcClient.connect(socket)];
  const events = follower.subscribe({ AllEvents: { app_name: null } });
  await events.ready;
  say('One client follows all events, another gives commands.');
  await apps(worker, events);
  await events.close();
  await spin(worker);
  await stall(worker);
  for (const name of ['ticker', 'web']) say(await ask(worker, { Stop: { name } }));
  await Promise.all([worker.close(), follower.close()]);
} finally {
  if (daemon.exitCode === null) {
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }
  clearTimeout(watchdog);
  rmSync(home, { recursive: true, force: true });
}
check(daemon.exitCode === 0, `the daemon ends with 0, not ${daemon.exitCode ?? daemon.signalCode}`);
say('All processes have ended; nothing is left behind.');
