// SPDX-License-Identifier: ISC
//
// around.js - Microsoft's Graph client uses what Graph has around the record:
// batches, $expand, single properties, the consent and DELETE (see check.js).
import assert from "node:assert/strict";

import { BatchRequestContent, BatchResponseContent }
	from "@microsoft/microsoft-graph-client";

import { base, client, path, refusal, run } from "./check.js";

const graph = client(process.env.TOKEN);
const reader = client(process.env.READER);
const consent =
	"/deviceManagement/dataSharingConsents/appleMDMPushCertificate";

function get(query = "") {
	return new Request(new URL(`v1.0${path}${query}`, base));
}

function patch(body, headers = {}) {
	return new Request(new URL(`v1.0${path}`, base), {
		method: "PATCH",
		headers: { "Content-Type": "application/json", ...headers },
		body: JSON.stringify(body),
	});
}

// Sends requests as a batch. `chain`: each of them depends on the one before.
async function batch(requests, chain, by = graph) {
	const steps = requests.map((request, i) => ({
		id: `${i + 1}`,
		request,
		dependsOn: chain && i > 0 ? [`${i}`] : undefined,
	}));
	const content = await new BatchRequestContent(steps).getContent();
	const answer = new BatchResponseContent(
		await by.api("/$batch").post(content));
	return steps.map((step) => answer.getResponseById(step.id));
}

const checks = {
	async "a batch of requests that depend on each other"() {
		const [made, read, again] = await batch([
			patch({ appleIdentifier: "batch@example.org" }),
			get("?$select=appleIdentifier"),
			patch({ topicIdentifier: "t" }, { Prefer: "return=minimal" }),
		], true);
		assert.deepEqual([made.status, read.status, again.status],
			[200, 200, 204]);
		assert.equal((await read.json()).appleIdentifier,
			"batch@example.org");
		assert.match(made.headers.get("etag"), /^W\/"/);
		assert.equal((await graph.api(path).get()).topicIdentifier, "t");
	},

	async "a request that depends on a failed one is not run"() {
		const [failed, left] = await batch([
			patch({ appleIdentifier: "lost" }, { "If-Match": 'W/"old"' }),
			patch({ appleIdentifier: "left" }),
		], true);
		assert.equal(failed.status, 412);
		assert.equal((await failed.json()).error.code,
			"PreconditionFailed");
		assert.equal(left.status, 424);
		assert.equal((await left.json()).error.code, "FailedDependency");
		assert.equal((await graph.api(path).get()).appleIdentifier,
			"batch@example.org");
	},

	async "twenty requests that do not depend on each other"() {
		const answers = await batch(Array.from({ length: 20 },
			(_, i) => i % 2 ? get() : patch({ appleIdentifier: `n${i}` })));
		assert.deepEqual(answers.map((a) => a.status), Array(20).fill(200));
		assert.equal((await answers[19].json()).appleIdentifier, "n18");
	},

	async "each request of a batch needs its own right"() {
		const [read, write] = await batch([get(), patch({})], false, reader);
		assert.equal(read.status, 200);
		assert.equal(write.status, 403);
	},

	async "a batch without requests is an error object"() {
		const e = await refusal(graph.api("/$batch").post({ requests: [] }));
		assert.equal(e.statusCode, 400);
		assert.equal(e.message, "Invalid batch payload format.");
	},

	async "$expand shows the record"() {
		const got = await graph.api("/deviceManagement").expand(
			"applePushNotificationCertificate($select=id,appleIdentifier)")
			.get();
		const record = got.applePushNotificationCertificate;
		assert.equal(record.appleIdentifier, "n18");
		assert.equal("certificate" in record, false);
		assert.equal(got.subscriptionState, "active");
	},

	async "a property has a path of its own"() {
		assert.equal((await graph.api(`${path}/appleIdentifier`).get()).value,
			"n18");
		assert.equal(await (await graph.api(`${path}/appleIdentifier/$value`)
			.responseType("raw").get()).text(), "n18");
	},

	// Microsoft365DSC reads the consent, grants it, and changes the record.
	async "the consent is granted before a change"() {
		const beta = (p) => graph.api(p).version("beta");
		assert.equal((await beta(consent).get()).granted, false);
		const granted = await beta(`${consent}/consentToDataSharing`).post({});
		assert.equal(granted.granted, true);
		assert.deepEqual(await beta(consent).get(), granted);
		await beta(path).patch({ appleIdentifier: "portal" });
	},

	async "DELETE removes the record, if its tag is right"() {
		const raw = await graph.api(path).responseType("raw").get();
		const e = await refusal(graph.api(path).header("If-Match", '"x"')
			.delete());
		assert.equal(e.statusCode, 412);
		await graph.api(path).header("If-Match", raw.headers.get("etag"))
			.delete();
		assert.equal((await refusal(graph.api(path).get())).statusCode, 404);
	},
};

await run("around the record", checks);
