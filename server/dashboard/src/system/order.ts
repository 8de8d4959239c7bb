/** Which values of the machine are worth a look, and what they are called. */

interface Known {
  title: string;
  unit: string;
}

/** By the last part of the name, below `gpu/0/`, `cpu/` and so on. */
const GPU: Readonly<Record<string, Known>> = {
  utilization: { title: 'utilization', unit: '%' },
  allocated_memory: { title: 'memory', unit: 'GB' },
  memory_usage: { title: 'memory used', unit: 'share' },
  power: { title: 'power', unit: 'W' },
  temp: { title: 'temperature', unit: '°C' },
};

const OTHERS: Readonly<Record<string, Known>> = {
  'gpu/mean_utilization': { title: 'GPU utilization, mean', unit: '%' },
  'gpu/total_allocated_memory': { title: 'GPU memory, all', unit: 'GB' },
  'gpu/total_power': { title: 'GPU power, all', unit: 'W' },
  'cpu/utilization': { title: 'CPU utilization', unit: '%' },
  'memory/percent': { title: 'memory', unit: '%' },
  'memory/used': { title: 'memory', unit: 'GiB' },
  'swap/percent': { title: 'swap', unit: '%' },
  'disk/read_mb_per_sec': { title: 'disk reads', unit: 'MB/s' },
  'disk/write_mb_per_sec': { title: 'disk writes', unit: 'MB/s' },
  'network/recv_mb_per_sec': { title: 'network in', unit: 'MB/s' },
  'network/sent_mb_per_sec': { title: 'network out', unit: 'MB/s' },
};

/** What a value is called, with its unit; names this page does not know stand as they are. */
export function titleOf(key: string): string {
  const gpu = /^gpu\/(\d+)\/(.+)$/.exec(key);
  const [titles, name] = gpu ? [GPU, gpu[2]] : [OTHERS, key];
  if (!Object.hasOwn(titles, name)) return key;
  const known = titles[name];
  return `${gpu ? `GPU ${gpu[1]} ` : ''}${known.title}, ${known.unit}`;
}

const FIRST_OF_GPU = Object.keys(GPU);
const FIRST = Object.keys(OTHERS);
const names = new Intl.Collator('en', { numeric: true });

function rankOf(key: string): number {
  const gpu = /^gpu\/\d+\/(.+)$/.exec(key);
  if (gpu) return FIRST_OF_GPU.includes(gpu[1]) ? FIRST_OF_GPU.indexOf(gpu[1]) : 50;
  return FIRST.includes(key) ? 20 + FIRST.indexOf(key) : 100;
}

/** What never changes, such as the number of processors, is no course. */
const CONSTANT = /^(cpu\/count_|memory\/total$|swap\/total$)|\/(total_memory|power_limit)$/;

/** Names in the order in which they are worth a look: the graphics processors first, device by device of each kind. */
export function ordered(keys: Iterable<string>): string[] {
  return [...keys].filter((key) => !CONSTANT.test(key)).sort((a, b) => rankOf(a) - rankOf(b) || names.compare(a, b));
}

/** The few for a glance: each kind once, of the first device that has it. */
export function glance(keys: Iterable<string>, most: number): string[] {
  const kinds = new Set<string>();
  return ordered(keys)
    .filter((key) => {
      const kind = key.replace(/^(gpu|cpu)\/\d+\//, '$1/n/');
      if (kinds.has(kind)) return false;
      kinds.add(kind);
      return true;
    })
    .slice(0, most);
}
