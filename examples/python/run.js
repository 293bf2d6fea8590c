// Runs the Python client against the runner's daemon and checks its output: node examples/python/run.js
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = import.meta.dirname;
const home = mkdtempSync(join(tmpdir(), 'bunctl-python-'));
const socket = join(home, 's');
const daemon = spawn(process.execPath, [join(directory, '..', 'runner', 'daemon.js'), socket], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await once(daemon.stdout, 'data');
  const { stdout, error, status, stderr } = spawnSync('python3', [join(directory, 'client.py'), socket], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  if (error) throw new Error(`python3 could not be run (${error.message}): install it to try this example.`);
  if (status !== 0) throw new Error(`The Python client failed:\n${stdout}${stderr}`);
  console.log(stdout.trimEnd());
  const expected = [
    'Subscribed to events',
    'Started app python',
    'process_started',
    'log line: grüße',
    "{'Data': {'data': ['python']}}",
    "'state': 'Running'",
    "'output': ['grüße']",
    'Stopped app python',
    'Restarted app python with PID',
    'Deleted app python',
    'Unsubscribed from events',
    "{'Error': {'message':",
  ];
  let from = 0;
  for (const text of expected) {
    const at = stdout.indexOf(text, from);
    if (at < 0) throw new Error(`The Python client did not see: ${text}`);
    from = at + text.length;
  }
} finally {
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
  rmSync(home, { recursive: true, force: true });
}
