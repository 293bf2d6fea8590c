// Child processes are spawned, followed and reaped on the main thread: a handler's thread may die, a child's parent may not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const KEPT_LINES = 200;

/**
 * The functions that handlers call as `context.service`. They run on the main thread, so each is short or only waits.
 *
 * @param {(event: import('bunctl-ipc').EventInput) => Promise<void>} publish
 */
export function createProcesses(publish) {
  /** @type {Map<string, { name: string, command: string, args: string[], state: string, lines: string[], child?: import('node:child_process').ChildProcess, exitCode?: number | null }>} */
  const apps = new Map();

  const known = (name) => {
    const app = apps.get(name);
    if (!app) throw new Error(`App ${name} not found`);
    return app;
  };
  const describe = ({ name, command, args, state, child, exitCode }) => ({
    name,
    state,
    pid: state === 'Running' ? child.pid : null,
    command,
    args,
    last_exit_code: exitCode ?? null,
  });

  /** Publishes the lines of a stream. It awaits each publish, so that the child waits if the subscribers cannot keep up. */
  async function follow(app, stream, from) {
    for await (const line of createInterface({ input: from })) {
      app.lines.push(line);
      if (app.lines.length > KEPT_LINES) app.lines.shift();
      await publish({ eventType: 'log_line', appName: app.name, data: { app: app.name, stream, line } });
    }
  }

  return {
    async start(name, config) {
      if (apps.get(name)?.state === 'Running') throw new Error(`App ${name} is running already`);
      const { command, args = [] } = config;
      const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      const app = { name, command, args, state: 'Running', lines: [], child };
      await once(child, 'spawn');
      apps.set(name, app);
      await publish({ eventType: 'process_started', appName: name, data: { app: name, pid: child.pid } });
      const followed = [follow(app, 'stdout', child.stdout), follow(app, 'stderr', child.stderr)];
      child.once('exit', (code) => Object.assign(app, { state: 'Stopped', exitCode: code }));
      child.once('close', async (code) => {
        // The last lines are published before the event of the end. After the daemon is closed, publishing fails.
        await Promise.all(followed)
          .then(() =>
            publish({ eventType: 'process_exited', appName: name, data: { app: name, exit_code: code } }),
          )
          .catch(() => undefined);
      });
      return child.pid;
    },

    async stop(name) {
      const { state, child } = known(name);
      if (state !== 'Running') throw new Error(`App ${name} is not running`);
      const exited = once(child, 'exit');
      // The whole group is signalled, so that the app's own children end too.
      process.kill(-child.pid, 'SIGTERM');
      const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 3000);
      await exited;
      clearTimeout(timer);
    },

    async delete(name) {
      if (known(name).state === 'Running') await this.stop(name);
      apps.delete(name);
    },

    list: () => [...apps.keys()],
    status: (name) => (name === null ? [...apps.values()].map(describe) : describe(known(name))),
    logs: (name, lines) => (lines === 0 ? [] : known(name).lines.slice(-lines)),

    async stopAll() {
      const running = [...apps.values()].filter(({ state }) => state === 'Running');
      await Promise.all(running.map(({ name }) => this.stop(name)));
    },
  };
}
