// Handlers that answer with the fields that they were given, and with what they find on the prototype of all objects.
import { defineCommands } from 'bunctl-ipc/commands';

const echo = (args) => ({ Data: { data: { args, polluted: Object.keys(Object.prototype) } } });

export default defineCommands({
  List: echo,
  Status: echo,
  Logs: echo,
  Start: echo,
  Stop: echo,
  Restart: echo,
  Delete: echo,
});
