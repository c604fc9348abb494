import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
const bench = (name, f, n = 500000) => { for (let i = 0; i < 20000; i++) f(); const t = process.cpuUsage(); for (let i = 0; i < n; i++) f(); const u = process.cpuUsage(t); console.log(name.padEnd(34), ((u.user + u.system) / n).toFixed(2), 'us'); };
const pool = Buffer.alloc(8192); let used = pool.length; let ms = 0, counter = 0, time = '';
function newId() {
  if (used === pool.length) { randomFillSync(pool); used = 0; }
  const now = Date.now();
  if (now > ms) { ms = now; counter = pool.readUInt16BE(used) & 0x7ff; } else if (++counter > 0xfff) { ms += 1; counter = 0; }
  const time = ms.toString(16).padStart(12, '0');
  pool[used] = (pool[used] & 0x3f) | 0x80;
  const random = pool.toString('hex', used, (used += 8));
  return `${time.slice(0, 8)}-${time.slice(8)}-${(0x7000 + counter).toString(16)}-${random.slice(0, 4)}-${random.slice(4)}`;
}
bench('v7', v7); bench('own', newId); let u2 = 8192; let seq = 0;
bench('v7 with pool', () => { if (u2 === pool.length) { randomFillSync(pool); u2 = 0; } return v7({ random: pool.subarray(u2, u2 += 16), msecs: Date.now(), seq: seq++ }); });
console.log(newId(), v7());
