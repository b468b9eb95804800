import hooks from 'node:async_hooks';

// node:test follows every promise until it is collected as garbage, to know which test an error belongs to that nobody handles:
// a good part of the processor time of all tests. Here it follows all but promises. Such an error fails the file then;
// `node --test` on the file alone, without this, names the test.
const { createHook } = hooks;

hooks.createHook = (callbacks) => {
  const isOfTests = new Error().stack?.includes('node:internal/test_runner/') === true;
  return createHook(isOfTests ? { ...callbacks, trackPromises: false } : callbacks);
};
