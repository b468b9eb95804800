import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** The sample that the screenshot opens, as a path inside the seeded folder. */
export const showcaseSample = 'Notes/Sourdough bread.md';

/** Writes what somebody might keep in Jottacloud into `folder`: notes, a table, pictures, a bit of source code. */
export async function writeSamples(folder: string): Promise<void> {
  const files: Record<string, string | Buffer> = {
    [showcaseSample]: sourdough,
    'Notes/Books to read.md': books,
    'Notes/Weekly plan.md': weeklyPlan,
    'Finance/Household 2026.csv': makeHouseholdTable(),
    'Finance/Insurance.txt': 'Home insurance\n\nPolicy     HX-204-7781\nRenewal    1 March\nExcess     3 000 kr\n',
    'Pictures/Fjord at dusk.svg': fjord,
    'Pictures/Sunset.png': makeSunset(640, 400),
    'Projects/tide-clock/README.md': tideClockReadme,
    'Projects/tide-clock/package.json': '{\n  "name": "tide-clock",\n  "version": "1.2.0",\n  "type": "module"\n}\n',
    'Projects/tide-clock/src/tide.js': tideClock,
    'Travel/Lofoten/Packing list.md':
      '# Packing list\n\n- [x] tent\n- [x] rain jacket\n- [ ] fishing rod\n- [ ] coffee\n',
    'Travel/Lofoten/Route.csv': 'day,from,to,km\n1,Bodø,Moskenes,100\n2,Moskenes,Reine,6\n3,Reine,Henningsvær,98\n',
  };
  let modified = Date.UTC(2026, 8, 28, 18, 20);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    await utimes(file, new Date(modified), new Date(modified));
    modified -= 53 * 3_600_000;
  }
}

const sourdough = `# Sourdough bread

Two loaves. Start the evening before.

| Ingredient       |  Grams |
| ---------------- | -----: |
| Strong flour     |    800 |
| Wholemeal flour  |    200 |
| Water, 30 °C     |    720 |
| Starter, lively  |    200 |
| Salt             |     22 |

## Evening

1. Mix flour and water, let it rest for an hour.
2. Work in starter and salt.
3. Fold four times, every thirty minutes.

## Morning

- Shape, and leave in the baskets until a finger's dent comes back slowly.
- Bake at 250 °C: 20 minutes under the lid, 22 without.

> Last time: 10 g more water would have been fine.
`;

const books = `# Books to read

- *The Summer Book*, Tove Jansson
- *Growth of the Soil*, Knut Hamsun
- *The Design of Everyday Things*, Don Norman
- *Piranesi*, Susanna Clarke
`;

const weeklyPlan = `# Week 48

| Day       | Evening             |
| --------- | ------------------- |
| Monday    | choir               |
| Tuesday   | call the insurance  |
| Wednesday | swimming, 19:00     |
| Thursday  | dinner with Ingrid  |
| Friday    | nothing at all      |
`;

const tideClockReadme = `# Tide clock

Shows how high the water stands at the jetty.

\`\`\`
node src/tide.js
\`\`\`
`;

const tideClock = `// Height of the tide from its two strongest constituents.
const constituents = [
  { name: 'M2', amplitudeCm: 92, periodHours: 12.4206, phase: 0.4 },
  { name: 'S2', amplitudeCm: 34, periodHours: 12, phase: 1.1 },
];

export function heightAt(date) {
  const hours = date.getTime() / 3_600_000;
  return constituents.reduce(
    (sum, { amplitudeCm, periodHours, phase }) =>
      sum + amplitudeCm * Math.cos((2 * Math.PI * hours) / periodHours + phase),
    0,
  );
}

console.log(\`The water stands at \${heightAt(new Date()).toFixed(0)} cm\`);
`;

const fjord = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400">
  <defs>
    <linearGradient id="sky" x2="0" y2="1">
      <stop offset="0" stop-color="#22315e" />
      <stop offset="1" stop-color="#f2a766" />
    </linearGradient>
  </defs>
  <rect width="640" height="260" fill="url(#sky)" />
  <circle cx="430" cy="214" r="34" fill="#ffe2b0" />
  <path d="M0 260 110 120 190 210 290 90 400 260Z" fill="#2b2f4a" />
  <path d="M300 260 430 170 520 230 640 140V260Z" fill="#1f2238" />
  <rect y="260" width="640" height="140" fill="#31446f" />
</svg>
`;

function makeHouseholdTable(): string {
  const rows = ['month,rent,food,power,transport,saved'];
  const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'];
  for (const [index, month] of months.entries()) {
    const power = Math.round(900 + 600 * Math.cos((index / 12) * 2 * Math.PI));
    rows.push([month, 11_500, 5_200 + ((index * 137) % 600), power, 780, 3_000 + index * 150].join(','));
  }
  return `${rows.join('\n')}\n`;
}

/** A true-colour PNG of a sky that goes from blue to orange, with a sun. */
function makeSunset(width: number, height: number): Buffer {
  const raw = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    const low = y / height;
    for (let x = 0; x < width; x += 1) {
      const isSun = Math.hypot(x - width * 0.65, y - height * 0.62) < height * 0.11;
      const rgb = isSun ? [255, 232, 184] : [40 + 205 * low, 60 + 100 * low, 120 - 20 * low];
      raw.set(rgb, y * (1 + width * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [makeChunk('IHDR', header), makeChunk('IDAT', deflateSync(raw)), makeChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

function makeChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
