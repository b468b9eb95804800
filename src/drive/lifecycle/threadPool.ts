// Imported first: Node reads this once, with the first file operation that is not synchronous. Its four threads would all
// be waiting for the disk to keep something, and whoever reads a file that is here would wait behind them.
process.env.UV_THREADPOOL_SIZE ??= '16';
