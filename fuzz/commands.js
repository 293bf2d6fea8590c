// Handlers that answer with the fields that they were given, with what they find on the prototype of all objects, and where they ran.
import { isMainThread } from 'node:worker_threads';
import { defineCommands } from 'bunctl-ipc/commands';

const place = process.send ? 'process' : isMainThread ? 'main' : 'thread';
const echo = (args) => ({ Data: { data: { args, polluted: Object.keys(Object.prototype), place } } });

export default defineCommands({
  List: echo,
  Status: echo,
  Logs: echo,
  Start: echo,
  Stop: echo,
  Restart: echo,
  Delete: echo,
});
