// SPDX-License-Identifier: ISC
//
// pnp.js - the client of PnP sends a batch. Its items carry the token, the type
// of JSON on GET, and options in percent-encoding (see check.js).
import assert from "node:assert/strict";

import { DefaultHeaders, DefaultInit, graphfi, GraphQueryable, graphPatch }
	from "@pnp/graph";
import "@pnp/graph/batching.js";
import { BrowserFetchWithRetry, DefaultParse, InjectHeaders, body }
	from "@pnp/queryable";

import { base, client, path, run } from "./check.js";

const graph = graphfi().using(DefaultInit(new URL("v1.0", base).href),
	DefaultHeaders(), BrowserFetchWithRetry(), DefaultParse(),
	InjectHeaders({ Authorization: `Bearer ${process.env.TOKEN}` }));
const record = path.slice(1);

const checks = {
	async "PATCH and GET without a batch"() {
		const made = await graphPatch(graph.create(GraphQueryable, record),
			body({ appleIdentifier: "pnp@example.org" }));
		assert.equal(made.appleIdentifier, "pnp@example.org");
		const got = await graph.create(GraphQueryable, record)
			.select("id", "appleIdentifier")();
		assert.equal(got.appleIdentifier, "pnp@example.org");
		assert.equal("topicIdentifier" in got, false);
	},

	async "a batch of GETs is answered item by item"() {
		const [batched, execute] = graph.batched();
		const found = Promise.all([
			batched.create(GraphQueryable, record)
				.select("id", "appleIdentifier")(),
			batched.create(GraphQueryable, "deviceManagement")
				.expand("applePushNotificationCertificate")(),
			batched.create(GraphQueryable, record)(),
		]);
		await execute();
		const [selected, around, whole] = await found;
		assert.deepEqual(Object.keys(selected)
			.filter((n) => !n.startsWith("@")), ["id", "appleIdentifier"]);
		assert.equal(around.applePushNotificationCertificate.id, whole.id);
		assert.equal(whole.appleIdentifier, "pnp@example.org");
	},

	async "a batch changes the record"() {
		const [batched, execute] = graph.batched();
		const made = graphPatch(batched.create(GraphQueryable, record),
			body({ appleIdentifier: "batch" }));
		await execute();
		assert.equal((await made).appleIdentifier, "batch");
		assert.equal((await client(process.env.TOKEN).api(path).get())
			.appleIdentifier, "batch");
	},

	async "an item that fails rejects its own promise"() {
		const [batched, execute] = graph.batched();
		const found = Promise.allSettled([
			batched.create(GraphQueryable, `${record}/nothing`)(),
			batched.create(GraphQueryable, record)(),
		]);
		await execute();
		const [failed, got] = await found;
		assert.equal(failed.status, "rejected");
		assert.equal(failed.reason.status, 400);
		assert.equal(got.value.appleIdentifier, "batch");
	},
};

await run("PnP", checks);
