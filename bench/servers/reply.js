// The answer of every server of the bench to List: about 1.2 KB, like a list of apps.
export const apps = Array.from({ length: 8 }, (_, index) => ({
  name: `app-${index}`,
  state: 'Running',
  pid: 10_000 + index,
  restarts: 0,
  auto_start: true,
  command: 'node',
  args: ['server.js', '--port', String(3000 + index)],
  cwd: '/srv/app',
}));

export const list = () => ({ Data: { data: apps } });
