import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Names this run of the kernel: what it was handed and had not written is gone in the next. undefined where nothing tells. */
export function readBootId(): string | undefined {
  try {
    const text =
      process.platform === 'darwin'
        ? execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8', timeout: 2_000 })
        : readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}
