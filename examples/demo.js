// The demo: npm run demo. It uses bunctl in a temporary home directory, crashes an app and kills the daemon.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const home = mkdtempSync(join(tmpdir(), 'bunctl-demo-'));
const cli = join(import.meta.dirname, '..', 'dist', 'cli', 'bunctl.cjs');
const env = {
  ...process.env,
  BUNCTL_SOCKET: join(home, 'bunctl.sock'),
  BUNCTL_STATE_DIR: join(home, 'state'),
};
const say = (text) => console.log(`\n${text}`);

/** Shows a command as it would be typed, runs it, and shows what it prints. */
function bunctl(...args) {
  console.log(`$ bunctl ${args.join(' ')}`);
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], {
    cwd: home,
    env,
    encoding: 'utf8',
  });
  process.stdout.write((stderr + stdout).replace(/^(?=.)/gm, '  '));
  if (status !== 0) throw new Error(`bunctl ${args.join(' ')} ended with ${status}`);
  return stdout;
}

/** Throws, so that the demo fails, if its claim is not true. */
function check(so, what) {
  if (!so) throw new Error(`The demo expected that ${what}.`);
}

const statusOf = (name) => {
  const { stdout } = spawnSync(process.execPath, [cli, 'status', name, '-j'], { env, encoding: 'utf8' });
  return JSON.parse(stdout);
};

async function until(condition, what) {
  for (const end = performance.now() + 20_000; !(await condition()); await sleep(50))
    check(performance.now() < end, what);
}

// The demo waits for commands without looking at its connections, so it must not keep one that the app may close.
writeFileSync(
  join(home, 'web.js'),
  `const server = require('http').createServer((request, response) => {
  console.log(request.method, request.url);
  if (request.url === '/crash') throw new Error('crashed on purpose');
  response.writeHead(200, { connection: 'close' }).end('hello\\n');
});
server.listen(0, '127.0.0.1', () => {
  require('fs').writeFileSync('port', String(server.address().port));
  console.log('listening');
});
`,
);
const get = async (path) => {
  const port = readFileSync(join(home, 'port'), 'utf8');
  return fetch(`http://127.0.0.1:${port}${path}`)
    .then((response) => response.text())
    .catch(() => 'no answer');
};

const watchdog = setTimeout(() => {
  console.error('The demo has taken longer than 60 s and is stopped.');
  process.exit(1);
}, 60_000);
let follower;
try {
  say('An app is started, and with it the daemon:');
  bunctl('start', 'web.js');
  bunctl('start', 'ticker', '--', 'sh', '-c', 'n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.1; done');
  await until(() => spawnSync('test', ['-s', join(home, 'port')]).status === 0, 'the web app listens');
  console.log(`  GET / says: ${(await get('/')).trim()}`);
  bunctl('list');

  say('Another terminal follows the log of the app while the app crashes:');
  console.log('$ bunctl logs web -f');
  follower = spawn(process.execPath, [cli, 'logs', 'web', '-f'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: follower.stdout });
  let heard = '';
  lines.on('line', (line) => {
    heard += `${line}\n`;
    if (!line.startsWith('    at ') && line.trim() !== '') console.log(`  web | ${line}`);
  });
  await until(() => heard.includes('listening'), 'the log is followed');
  const before = statusOf('web');
  await get('/crash');
  await until(() => {
    const { state, pid } = statusOf('web');
    return state === 'Running' && pid !== before.pid;
  }, 'the crashed app is restarted');
  await until(() => heard.split('listening').length > 2, 'the follower sees it listen again');
  bunctl('status', 'web');

  say('The daemon is killed with SIGKILL. The apps do not notice, and it comes back by itself:');
  const ticker = statusOf('ticker');
  const pid = Number(/pid (\d+)/.exec(bunctl('ping'))[1]);
  console.log(`$ kill -9 ${pid}`);
  process.kill(pid, 'SIGKILL');
  console.log(`  GET / says: ${(await get('/')).trim()}`);
  await until(
    () => spawnSync(process.execPath, [cli, 'ping'], { env }).status === 0,
    'the daemon comes back',
  );
  bunctl('ping');
  bunctl('list');
  const seen = heard.split('GET /\n').length;
  await get('/');
  await until(() => heard.split('GET /\n').length > seen, 'the follower has not stopped following');
  const after = statusOf('ticker');
  check(after.pid === ticker.pid && after.restarts === 0, 'the next daemon adopts what runs');

  say('A stopped app stays stopped; after a shutdown everything is gone:');
  bunctl('stop', 'all');
  check(statusOf('ticker').state === 'Stopped', 'a stopped app stays stopped');
  bunctl('logs', 'ticker', '-l', '3');
  bunctl('delete', 'all', '-f');
  bunctl('shutdown');
} finally {
  follower?.kill();
  spawnSync(process.execPath, [cli, 'delete', 'all', '-f'], { env });
  spawnSync(process.execPath, [cli, 'shutdown'], { env });
  rmSync(home, { recursive: true, force: true });
  clearTimeout(watchdog);
}
say('All processes have ended; nothing is left behind.');
