/* Uses the types that `openapi-typescript` makes with `openapi-fetch`; run as `node use_typescript.js URL TOKEN`. */

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { paths } from "./schema.js";

const [url, token] = process.argv.slice(2);
const path = { project: "digits", run: "by typescript" };
const rows = 25;

const client = createClient<paths>({ baseUrl: url ?? "", headers: { Authorization: `Bearer ${token}` } });

/** The data of an answer that must be a success. */
function taken<T>(answer: { data?: T; error?: unknown }): T {
  assert.ok(answer.data, JSON.stringify(answer.error));
  return answer.data;
}

const entries = Array.from({ length: rows }, (_, step) => ({ metrics: { "train/loss": 1 / (step + 1) }, step }));
const run = "/api/v1/projects/{project}/runs/{run}";
const stored = taken(await client.POST(`${run}/logs`, { params: { path }, body: entries }));
assert.deepEqual(stored, { stored: rows, duplicates: 0 });

const status = taken(await client.GET(`${run}/status`, { params: { path } }));
assert.equal(status.state, "running");
assert.equal(status.step, rows - 1);
assert.equal(status.loss?.key, "train/loss");

const steps: number[] = [];
let after: number | null = null;
do {
  const query: { limit: number; after?: number } = after === null ? { limit: 10 } : { limit: 10, after };
  const page: { items: { step: number }[]; next?: number | null } = taken(
    await client.GET(`${run}/logs`, { params: { path, query } }),
  );
  steps.push(...page.items.map((row) => row.step));
  after = page.next ?? null;
} while (after !== null);
assert.deepEqual(steps, entries.map((entry) => entry.step));

const values = taken(
  await client.GET(`${run}/metrics/{metric}`, { params: { path: { ...path, metric: "train/loss" } } }),
);
assert.equal(values.items[1]?.value, 0.5);

const series = taken(
  await client.POST("/api/v1/projects/{project}/series", {
    params: { path },
    body: { runs: [path.run], keys: ["train/loss"], pixels: 100 },
  }),
);
assert.equal(series.series[0]?.total_points, rows);

taken(await client.POST(`${run}/alerts`, { params: { path }, body: [{ title: "look", level: "error" }] }));
const alerts = taken(await client.GET("/api/v1/projects/{project}/alerts", { params: { path } }));
assert.equal(alerts.items.at(-1)?.title, "look");

const waited = taken(
  await client.GET(`${run}/wait`, { params: { path, query: { until: "step>=20", timeout_seconds: 20 } } }),
);
assert.deepEqual(waited.met, ["step>=20"]);

const missing = await client.GET(`${run}/status`, { params: { path: { ...path, run: "none" } } });
assert.equal(missing.response.status, 404);
assert.equal(missing.error?.code, "run_not_found");
console.log("done");
