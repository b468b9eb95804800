import hooks from 'node:async_hooks';

// node:test follows every promise until it is collected as garbage, to know which test an error belongs to that nobody handles:
// a good part of the processor time of all tests. Without that, such an error fails the file; `node --test` on the file alone,
// without this, names the test.
const { createHook } = hooks;

hooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  if (new Error().stack?.includes('node:internal/test_runner/')) hook.enable = () => hook;
  return hook;
};
