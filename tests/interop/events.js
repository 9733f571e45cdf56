// SPDX-License-Identifier: ISC
//
// events.js - Microsoft's Graph client reads the history as audit events: pages,
// filters, counts and functions (see check.js).
import assert from "node:assert/strict";

import { PageIterator } from "@microsoft/microsoft-graph-client";

import { client, path, refusal, run } from "./check.js";

const graph = client(process.env.TOKEN);
const events = "/deviceManagement/auditEvents";

async function pages(request) {
	const found = [];
	const iterator = new PageIterator(graph, await request.get(), (event) => {
		found.push(event);
		return true;
	});
	await iterator.iterate();
	assert.ok(iterator.isComplete());
	return found;
}

const checks = {
	async "each change is an event"() {
		for (let i = 0; i < 9; i++)
			await graph.api(path).patch({ appleIdentifier: `e${i}` });
		await graph.api(path).delete();
		const [newest, before] = (await graph.api(events).top(2).get()).value;
		assert.equal(newest.activityOperationType, "Delete");
		assert.equal(before.activityOperationType, "Patch");
		assert.equal(before.actor.userPrincipalName, "eve@example.org");
	},

	async "the pages of events neither repeat nor lose one"() {
		const all = await graph.api(events).get();
		const found = await pages(graph.api(events).top(4));
		assert.ok(found.length > 8, `only ${found.length} events`);
		assert.deepEqual(found.map((e) => e.id), all.value.map((e) => e.id));
		assert.equal(new Set(found.map((e) => e.id)).size, found.length);
	},

	async "pages keep the filter"() {
		const found = await pages(graph.api(events).top(3).filter(
			"activityOperationType eq 'Patch' and activityResult eq 'Success'"));
		assert.ok(found.length > 3);
		assert.ok(found.every((e) => e.activityOperationType === "Patch"));
	},

	async "$count is the number of all events"() {
		const got = await graph.api(events).top(2).count(true).get();
		const plain = await graph.api(`${events}/$count`)
			.responseType("raw").get();
		assert.equal(got.value.length, 2);
		assert.ok(got["@odata.count"] > 2);
		assert.equal(Number(await plain.text()), got["@odata.count"]);
	},

	async "one event by its id"() {
		const [newest] = (await graph.api(events).top(1).get()).value;
		const one = await graph.api(`${events}/${newest.id}`).get();
		assert.equal(one.id, newest.id);
		assert.equal(one.resources[0].auditResourceType,
			"Microsoft.Management.Services.Api." +
			"ApplePushNotificationCertificate");
	},

	async "the functions of the events"() {
		const categories = await graph.api(`${events}/getAuditCategories`)
			.get();
		assert.deepEqual(categories.value, ["Enrollment"]);
		const types = await graph.api(
			`${events}/getAuditActivityTypes(category='Enrollment')`).get();
		assert.ok(types.value.includes(
			"Patch ApplePushNotificationCertificate"));
	},

	async "a filter that is wrong is an error object"() {
		const e = await refusal(graph.api(events).filter("nope eq 1").get());
		assert.equal(e.statusCode, 400);
		assert.match(e.message, /^Invalid filter clause: .*nope/);
	},
};

await run("events", checks);
