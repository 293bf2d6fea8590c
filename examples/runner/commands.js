// The handlers, which every lane loads. They check their arguments and call the service.
import { defineCommands } from 'bunctl-ipc/commands';

const success = (message) => ({ Success: { message } });

export default defineCommands({
  async Start({ name, config }, { service }) {
    const parsed = JSON.parse(config);
    if (typeof parsed.command !== 'string')
      throw new Error('config needs a command, for example {"command":"sleep","args":["10"]}');
    await service.start(name, parsed);
    return success(`Started app ${name}`);
  },
  async Stop({ name }, { service }) {
    await service.stop(name);
    return success(`Stopped app ${name}`);
  },
  async Restart({ name }, { service }) {
    const { state, command, args } = await service.status(name);
    if (state === 'Running') await service.stop(name);
    return success(`Restarted app ${name} with PID ${await service.start(name, { command, args })}`);
  },
  async Delete({ name }, { service }) {
    await service.delete(name);
    return success(`Deleted app ${name}`);
  },
  async Status({ name }, { service }) {
    // For the demo: a handler that never returns. Its lane is replaced; other clients do not notice.
    if (name === 'spin-for-ever') for (;;);
    return { Data: { data: await service.status(name) } };
  },
  async List(_args, { service }) {
    return { Data: { data: await service.list() } };
  },
  async Logs({ name, lines }, { service }) {
    const one = async (app) => ({ output: await service.logs(app, lines), errors: [] });
    if (name !== null) return { Data: { data: { type: 'single', app: name, logs: await one(name) } } };
    const apps = await service.list();
    return {
      Data: {
        data: { type: 'all', apps: await Promise.all(apps.map(async (app) => [app, await one(app)])) },
      },
    };
  },
});
